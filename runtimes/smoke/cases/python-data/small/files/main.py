import numpy as np
print((np.ones((100, 100)) @ np.ones((100, 100))).sum())
