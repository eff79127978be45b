"""Writes test/goldens/scores.json: what the scorers of others say of small cases.

    pip install rouge_score==0.1.2 && pip download --no-deps lm_eval==0.4.13 transformers==4.46.3
    python scripts/goldens-scores.py FOLDER > test/goldens/scores.json     # FOLDER: both wheels, unpacked

ROUGE-Lsum by rouge_score, MATH by lm-evaluation-harness's copy of hendrycks/math (with the original's removal of a bare
percent sign, which the copy lost), GSM8K by the harness's two filters, words and F1 by SQuAD's own script
(transformers' copy).
"""

import itertools
import json
import random
import re
import sys
import types
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

folder = Path(sys.argv[1])
sys.modules["datasets"] = types.SimpleNamespace(Dataset=object)


def load(path, edit=lambda source: source):
    module = types.ModuleType(path.stem)
    exec(compile(edit(path.read_text()), str(path), "exec"), module.__dict__)
    return module


math = load(
    folder / "lm_eval/tasks/hendrycks_math/utils.py",
    lambda source: source.replace('string.replace("\\%", "")', 'string.replace("%", "")'),
)

squad_metrics = load(
    folder / "transformers/data/metrics/squad_metrics.py",
    lambda source: re.sub(r"(?m)^(from \.\.\.|import numpy|logger).*$", "", source),
)

# ROUGE-Lsum: random lines over a small vocabulary, so that words repeat
rng = random.Random(7)
words = "the cat cats sat running runs on a mat mats dog and quickly".split()
text = lambda: "\n".join(" ".join(rng.choices(words, k=rng.randint(0, 9))) for _ in range(rng.randint(1, 4)))
pairs = [(text(), text()) for _ in range(60)] + [("", "a"), ("a\n\nb", "b\na"), ("\n", "\n")]
rouge = [
    {
        "reference": r,
        "hypothesis": h,
        **{
            name: [s.precision, s.recall, s.fmeasure]
            for name, stem in (("stem", True), ("plain", False))
            for s in [RougeScorer(["rougeLsum"], stem).score(r, h)["rougeLsum"]]
        },
    }
    for r, h in pairs
]

answers = r"""
1/2|\frac{1}{2}|\frac12|\frac1{2}|0.5|.5|\dfrac{1}{2}|\tfrac12|-1/2|01/2|\frac{72}1
\sqrt3|\sqrt{3}|2\sqrt 3|\sqrt|\frac|\frac1
5\text{ cm}|5|5 \text{ square feet}|5\text{cm}|5\text{ a}\text{ b}|50\%|50%|\$5|90^\circ|90^{\circ}|90
x=3|x = 3|3|xyz=3|k=1=1|1=1
\{1,2\}|\{1, 2\}|\left\{1,2\right\}|\{2,1\}|(1,2]|\left(1, 2\right]
1{,}000|1,000|1000|1\!000|\begin{pmatrix}1\\2\end{pmatrix}|\begin{pmatrix}1\2\end{pmatrix}
||.|0.|3/4/5|a/b|1/-2|{.5}|{0.5}
""".replace("\n", "|").split("|")
answers = sorted(set(answers))
equal = [[a, b] for a, b in itertools.combinations(answers, 2) if math.is_equiv(a, b)]

solutions = [
    r"so $x$ is \boxed{\frac{1}{2}}.",
    r"first \boxed{1}, then \boxed{2^{3}}",
    r"\boxed 7$ and more",
    r"nested \boxed{\text{a {b} c}} end",
    r"an open \boxed{3",
    "none",
]
boxes = [(s, math.last_boxed_only_string(s)) for s in solutions]
extracted = [[s, math.remove_boxed(box)] for s, box in boxes if box is not None]

strict, flexible = re.compile(r"#### (\-?[0-9\.\,]+)"), re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
ignore = [",", r"\$", r"(?s).*#### ", r"\.$"]


def last(found):
    return next((m for m in found[-1] if m), "[invalid]") if found else "[invalid]"


def clean(answer):
    for pattern in ignore:
        answer = re.sub(pattern, "", answer)
    return answer


outputs = [
    "2+3=5 #### 5", "so\n#### 1,234", "#### -7.", "####12", "#### 3 and then #### 4", "#### $5", "#### .", "the answer is 5",
    "it costs $1,250.00.", "5", "7 eggs", "...", "-3", "from 2-3", "a 5, b", "", "#### 5.0", "1.", "#### 18\n\nQuestion: 3",
]
gsm8k = [
    [o, clean((strict.findall(o) or ["[invalid]"])[0].strip()), clean(last(flexible.findall(o)).strip())] for o in outputs
]

golds = ["Jamaican Creole English Language", "the  U.S.A.", "An apple a day", "1,000", "théâtre a", "", "a", "New York City"]
givens = golds + ["jamaican english", "USA!", "apple, apple day", "york new", "the"]
squad = [[g, a, squad_metrics.compute_f1(a, g), squad_metrics.compute_exact(a, g)] for a in golds for g in givens]
tokens = [[g, squad_metrics.get_tokens(g)] for g in givens]

json.dump(
    {"rougeLsum": rouge, "math": {"answers": answers, "equal": equal, "extracted": extracted}, "gsm8k": gsm8k,
     "squad": {"f1": squad, "words": tokens}},
    sys.stdout, ensure_ascii=False,
)
