#: name = "bom.py"
﻿print("bom", __doc__)
raise ValueError("ä")
