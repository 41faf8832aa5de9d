"""Several boosters as one: their mean in log-odds, written as one text of LightGBM's.

Trees that are grown from other draws of rows and columns err in other places, and their mean errs less (Breiman 1996). A sum of
trees divided by the number of boosters is again a sum of trees, with leaves that are so much smaller: nothing that reads a model
has to know of it, neither scoring nor reasons by path nor SHAP.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

TREE = re.compile(r"^Tree=\d+\n.*?(?=^Tree=|^end of trees)", flags=re.M | re.S)
# What a row adds to its log-odds, at a leaf and on the way there.
VALUES = re.compile(r"^(leaf_value|internal_value)=(.*)$", flags=re.M)
SIZES = re.compile(r"^tree_sizes=.*$", flags=re.M)


def merged(texts: Sequence[str], a_round: int = 1) -> str:
    """The text of the mean of several boosters (texts of `ml.models.fit.trees`, same columns), the first trees of each first.

    A single text comes back as it is. Boosters may have different numbers of trees; `a_round` is how many belong together, one a
    class.
    """
    if len(texts) == 1:
        return texts[0]
    rounds = zip_longest(*(_batched(TREE.findall(text), a_round) for text in texts), fillvalue=())
    trees = [tree for one in rounds for member in one for tree in member]
    blocks = [re.sub(r"^Tree=\d+", f"Tree={at}", _shrunk(tree, len(texts)), count=1) for at, tree in enumerate(trees)]
    head, tail = texts[0][: texts[0].index("Tree=0\n")], texts[0][texts[0].rindex("end of trees") :]
    # LightGBM reads the trees side by side, each from where the sizes say it begins.
    sizes = "tree_sizes=" + " ".join(str(len(block.encode())) for block in blocks)
    return SIZES.sub(sizes, head) + "".join(blocks) + tail


def _shrunk(tree: str, times: int) -> str:
    def smaller(found: re.Match) -> str:
        # As LightGBM writes them: 17 digits name a leaf's double exactly, and 6 are what it keeps of the nodes above.
        digits = 17 if found[1] == "leaf_value" else 6
        return f"{found[1]}=" + " ".join(f"{float(value) / times:.{digits}g}" for value in found[2].split())

    return VALUES.sub(smaller, tree)


def _batched(trees: Sequence[str], size: int) -> list[Sequence[str]]:
    """The same in pieces of equal size."""
    return [trees[at : at + size] for at in range(0, len(trees), size)]
