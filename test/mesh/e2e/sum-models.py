"""Makes scikit-learn models that tell themselves apart: number i adds i to the number that it is given.

Usage: sum-models.py TARGET NAME...
"""

from pathlib import Path
from sys import argv

import joblib
import numpy as np
from sklearn.linear_model import LinearRegression

rows = np.arange(8.0).reshape(-1, 1)
for number, name in enumerate(argv[2:]):
    folder = Path(argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(LinearRegression().fit(rows, rows[:, 0] + number), folder / "model.joblib")
