"""What steps of an explanation say. All wording of explanations is in this table."""

from __future__ import annotations

from typing import Final

RECEIVED: Final = "received from {name}"
PARAMETER: Final = "received as parameter {name} of {function}"
GIVEN: Final = "received by {function}, which is handed over here"
ASSIGNED: Final = "assigned to {name}"
GLOBAL: Final = "assigned to the global {name}"
STORED: Final = "stored in {target}"
UNDER_KEY: Final = "put under key {key} of {target}"
UNDER_SOME_KEY: Final = "put into {target}"
IN_DISPLAY: Final = "put under key {key}"
ADDED: Final = "added to {target}"
WRITTEN: Final = "written into {target}"
WRITTEN_BY: Final = "written by {function}"
PASSED: Final = "passed to {function}"
PASSED_AS: Final = "passed to {function} as {name}"
PASSED_IN: Final = "passed to {function} in {name}"
DEFAULT: Final = "kept as the default of {name}"
CAPTURED: Final = "captured by {function} as {name}"
HANDED: Final = "called by way of {function}"
THROUGH: Final = "passed through {function}"
FILLED: Final = "filled in by {function}"
RETURNED: Final = "returned by {function}"
YIELDED: Final = "yielded by {function}"
RAISED: Final = "raised"
RAISED_BY: Final = "raised by {function}"
READ: Final = "read from {target}"
LOADED: Final = "loaded by {name}"

AND: Final = "{first} and {second}"
"""Two things that happen in one place."""

A_FILE: Final = "a file"
A_CONTAINER: Final = "a container"
A_FUNCTION: Final = "a function"
A_PROPERTY: Final = "the property {name}"
CONTAINERS: Final = {"list": "a list", "tuple": "a tuple", "set": "a set", "dict": "a dictionary"}
A_LAMBDA: Final = "a lambda"
