"""`python -m shadow.worker`: the compare process. Started by `shadow.worker.client`, of no use by hand."""

from shadow.worker.comparer import RuledComparer
from shadow.worker.serve import serve

if __name__ == "__main__":
    serve(RuledComparer)
