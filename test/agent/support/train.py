"""Makes tiny scikit-learn models: NAME=NUMBER gives FOLDER/NAME/model.joblib, which answers NUMBER to everything."""

import pathlib
import sys

import joblib
from sklearn.dummy import DummyRegressor

folder = pathlib.Path(sys.argv[1])
for argument in sys.argv[2:]:
    name, number = argument.split("=")
    (folder / name).mkdir(parents=True, exist_ok=True)
    model = DummyRegressor(strategy="constant", constant=float(number)).fit([[0.0]], [0.0])
    joblib.dump(model, folder / name / "model.joblib")
