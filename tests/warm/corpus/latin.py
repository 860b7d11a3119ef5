# -*- coding: latin-1 -*-
print("ä", __file__)
1/0 # ä
