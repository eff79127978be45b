"""Tokens a second of transformers on the same prompts as bench/generate.ts, on one thread.

    python bench/generate.py ./SmolLM2-135M [PROMPT=64] [TOKENS=16] [REPEATS=2]
"""

import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = sys.argv[1]
length, tokens, repeats = (int(a) for a in (sys.argv[2:] + ["64", "16", "2"][len(sys.argv) - 2 :]))
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
text = "A gardener has some rows of beans, and every week she waters them, counts them and writes it down. "
ids = AutoTokenizer.from_pretrained(folder)(text * (length // 10 + 1)).input_ids


def rate(rows, **options):
    """New tokens over all rows, a second by the clock and a second of processor time."""
    prompts = torch.tensor([ids[row : row + length] for row in range(rows)])
    clock = processor = float("inf")
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        model.generate(
            prompts, attention_mask=torch.ones_like(prompts), do_sample=False, max_new_tokens=tokens,
            min_new_tokens=tokens, pad_token_id=0, **options,
        )
        clock, processor = min(clock, time.perf_counter() - started), min(processor, time.process_time() - used)
    return rows * tokens / clock, rows * tokens / processor


def words(rates):
    return "{:.2f} tokens/s ({:.2f} a processor second)".format(*rates)


print(f"torch {torch.__version__}, one thread; prompts of {length} tokens, {tokens} new ones, best of {repeats}")
for rows in (1, 4):
    cached, plain = rate(rows), rate(rows, use_cache=False)
    print(
        f"greedy, {rows} at once: {words(cached)} with the cache, {words(plain)} without, ratio {cached[1] / plain[1]:.1f}"
    )
print(f"4 beams, 1 prompt: {words(rate(1, num_beams=4))} with the cache")
