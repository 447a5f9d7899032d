"""How good detection is, where the truth is known.

Simulated worlds are made, detection looks at their events alone, and what it found is held
against the truth. The way of a number:

- ``studies``: which worlds, as plain data
- ``methods``: what is judged; ours, and whoever else has a name and a ``find``
- ``scores``: one dataset, one method: counts by role, precision, recall, agreement
- ``directives``, ``targets``, ``comments``: what other studies judge, and their own scores
- ``run``: datasets in worker processes, one line of JSON each; a rerun goes on where it stopped
- ``intervals``, ``tables``: means and chances with intervals over datasets
- ``pictures``: the same as charts
"""

from claqueur.evaluation.methods import Method, Ours
from claqueur.evaluation.run import Evaluation, evaluate
from claqueur.evaluation.studies import STUDIES, Cell, Study

__all__ = ["STUDIES", "Cell", "Evaluation", "Method", "Ours", "Study", "evaluate"]
