import sys

sys.path.insert(0, "/srv")
from shop import app as application
