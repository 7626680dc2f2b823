"""How ``find_class`` decides: a small path analysis for one method, behind ``checks/restricted_unpickler.py``."""
