"""Bin packing of one pool by OR-Tools CP-SAT: reads {capacity, needs, start, bound, seconds} as JSON, writes what it found.

`start`: pods of a packing that is known; the model has as many pods, less those it can leave empty.
"""

import json
import sys

from ortools.sat.python import cp_model


def main() -> None:
    task = json.load(sys.stdin)
    needs, capacity, pods = task["needs"], task["capacity"], task["start"]
    order = sorted(range(len(needs)), key=lambda i: -max(n / c for n, c in zip(needs[i], capacity) if c))
    model = cp_model.CpModel()
    used = [model.new_bool_var(f"u{b}") for b in range(pods)]
    place = {}
    for rank, i in enumerate(order):
        # The k-th largest sits in one of the first k pods: pods are alike.
        for b in range(min(rank + 1, pods)):
            place[i, b] = model.new_bool_var(f"x{i}_{b}")
        model.add_exactly_one(place[i, b] for b in range(min(rank + 1, pods)))
    for b in range(pods):
        inside = [i for i in range(len(needs)) if (i, b) in place]
        for d, room in enumerate(capacity):
            model.add(sum(needs[i][d] * place[i, b] for i in inside) <= room * used[b])
    for b in range(pods - 1):
        model.add_implication(used[b + 1], used[b])
    model.add(sum(used) >= task["bound"])
    model.minimize(sum(used))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = task["seconds"]
    solver.parameters.num_workers = task["workers"]
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    result = {
        "pods": round(solver.objective_value) if found else None,
        "bound": round(solver.best_objective_bound),
        "proven": status == cp_model.OPTIMAL,
        "seconds": solver.wall_time,
    }
    json.dump(result, sys.stdout)


main()
