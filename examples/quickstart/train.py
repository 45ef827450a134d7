"""Trains the ten models of fleet.yaml on the data sets that scikit-learn brings along: no network, same result each time.

Usage: npm run train     (with the Python of the model server, so that the versions of scikit-learn agree)
"""

from pathlib import Path
from sys import argv

import joblib
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

linear = lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

MODELS = {
    "iris": (load_iris, linear()),
    "iris-tree": (load_iris, DecisionTreeClassifier(max_depth=3, random_state=0)),
    "wine": (load_wine, linear()),
    "wine-forest": (load_wine, RandomForestClassifier(n_estimators=30, random_state=0)),
    "tumour": (load_breast_cancer, linear()),
    "tumour-boosted": (load_breast_cancer, GradientBoostingClassifier(n_estimators=30, random_state=0)),
    "tumour-bayes": (load_breast_cancer, GaussianNB()),
    "digits": (load_digits, SVC(gamma=0.001)),
    "digits-neighbours": (load_digits, KNeighborsClassifier(n_neighbors=3)),
    "diabetes": (load_diabetes, make_pipeline(StandardScaler(), Ridge())),
}


def main(target: Path) -> None:
    for name, (load, model) in MODELS.items():
        features, labels = load(return_X_y=True)
        train, test, train_labels, test_labels = train_test_split(features, labels, random_state=0)
        model.fit(train, train_labels)
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, folder / "model.joblib", compress=3)
        kib = (folder / "model.joblib").stat().st_size / 1024
        print(f"{name:18} {kib:6.1f} KiB   score on unseen rows {model.score(test, test_labels):.3f}")


if __name__ == "__main__":
    main(Path(argv[1]) if len(argv) > 1 else Path(__file__).parent / "models")
