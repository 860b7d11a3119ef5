import base58, bcrypt, dateutil, mpmath, nacl.hash, networkx as nx, numpy as np, pandas as pd, passlib.hash, pytz, scipy, sympy, xxhash
from Crypto.Cipher import AES
from cryptography.fernet import Fernet
from scipy import integrate, linalg, optimize, sparse, stats

a = np.array([[2.0, 1.0], [1.0, 3.0]])
print(linalg.solve(a, [3.0, 5.0]).round(6).tolist(), np.linalg.eigvalsh(a).round(3).tolist())
print(round(integrate.quad(np.sin, 0, np.pi)[0], 6), round(optimize.brentq(lambda x: x * x - 2, 0, 2), 6))
print(round(float(stats.norm.cdf(1.96)), 3), sparse.identity(3).nnz)
frame = pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
print(frame.groupby("k")["v"].sum().to_dict(), pd.Timestamp("2024-03-31", tz="Europe/Paris").isoformat())
x = sympy.symbols("x")
print(sympy.integrate(sympy.exp(-x**2), (x, -sympy.oo, sympy.oo)), sympy.factor(x**2 - 1), mpmath.mp.dps)
print(nx.shortest_path(nx.path_graph(4), 0, 3))
print(AES.new(b"k" * 16, AES.MODE_ECB).encrypt(b"p" * 16).hex()[:8], len(Fernet(Fernet.generate_key()).encrypt(b"x")) > 50)
print(bcrypt.checkpw(b"x", bcrypt.hashpw(b"x", bcrypt.gensalt(4))), passlib.hash.sha256_crypt.verify("x", passlib.hash.sha256_crypt.hash("x")))
print(base58.b58encode(b"hello").decode(), xxhash.xxh32(b"x").hexdigest(), nacl.hash.sha256(b"x").decode()[:8])
