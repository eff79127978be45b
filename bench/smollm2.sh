#!/usr/bin/env bash
# SmolLM2-135M on GSM8K, 20 steps: Hi-ZFO, the same partition frozen, ZO only; same seed and batches, the loss of 8 rows that are
# not trained on before and after.   bench/smollm2.sh MODEL_DIR GSM8K_DIR [OUT=bench/results/smollm2]
set -euo pipefail
cd "$(dirname "$0")/.."
model=$1 data=$2 out=${3:-bench/results/smollm2}
mkdir -p "$out"
for method in hi-zfo frozen zo; do
  npx tsx src/cli/main.ts train --model "$model" --task gsm8k --data "$data/train.jsonl" --test "$data/test.jsonl" \
    --method "$method" --steps 20 --batch 4 --length 192 --held-out 8 --seed 0 --json >"$out/$method.jsonl"
  tail -n 2 "$out/$method.jsonl"
done
