"""Reference values for the GGUF reader, made by the `gguf` package of llama.cpp, `tokenizers` and `sentencepiece`.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install gguf==0.19.0 numpy tokenizers==0.23.3 sentencepiece==0.2.3
    /tmp/venv/bin/python scripts/goldens-gguf.py FOLDER=../shared

Writes test/goldens/gguf: blocks.json (random blocks of every element type and their values), NAME.gguf (tiny models of FOLDER/goldens,
laid out as llama.cpp's converter does, in half precision) with models.json (digests of the tensors to be read back), pre-rules.json
(pieces of text under each pre-tokenizer rule), spm.gguf with spm.json (a small SentencePiece model and its ids).
"""
import base64, hashlib, io, json, os, random, sys
import gguf, numpy as np, sentencepiece as spm
from gguf import GGMLQuantizationType as Q, GGML_QUANT_SIZES, GGUFWriter
from tokenizers import Regex, pre_tokenizers as pt

shared = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), '..', '..', 'shared')
out = os.path.join(os.path.dirname(__file__), '..', 'test', 'goldens', 'gguf')
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(7)
b64 = lambda a: base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
dump = lambda name, value: open(os.path.join(out, name), 'w').write(json.dumps(value, ensure_ascii=False) + '\n')


# --- blocks: random bytes with finite scales; every code and every scale bit is met
halves = {'Q4_0': [0], 'Q4_1': [0, 2], 'Q5_0': [0], 'Q5_1': [0, 2], 'Q8_0': [0], 'Q2_K': [80, 82], 'Q3_K': [108],
          'Q4_K': [0, 2], 'Q5_K': [0, 2], 'Q6_K': [208], 'F16': range(0, 128, 2)}
blocks = {}
for name in [*halves, 'BF16', 'F32', 'Q8_K']:
    values, size = GGML_QUANT_SIZES[Q[name]]
    n = {1: 64, 32: 4, 256: 2}[values]
    raw = rng.integers(0, 256, (n, size), dtype=np.uint8)
    if name in ('F32', 'BF16'):
        raw = rng.normal(0, 1, n).astype(np.float32).view(np.uint8).reshape(n, 4)[:, 4 - size:].copy()
    if name == 'F16':
        raw = np.concatenate([rng.normal(0, 1, n - 4), [6e-8, -3e-6, 65504, -0.0]]).astype(np.float16).view(np.uint8).reshape(n, 2)
    elif name in halves:
        for at in halves[name]:
            raw[:, at:at + 2] = rng.normal(0, 0.05, n).astype(np.float16).view(np.uint8).reshape(n, 2)
    if name == 'Q8_K':  # ggml.h: float scale, 256 signed bytes, 16 sums; not in the package's tables of conversions
        raw[:, :4] = rng.normal(0, 0.05, n).astype(np.float32).view(np.uint8).reshape(n, 4)
        want = raw[:, :4].copy().view(np.float32) * raw[:, 4:260].view(np.int8).astype(np.float32)
    else:
        want = gguf.dequantize(raw.reshape(-1), Q[name]) if values == 1 else gguf.dequantize(raw, Q[name])
    blocks[name] = {'bytes': b64(raw), 'values': b64(want.astype(np.float32))}
dump('blocks.json', blocks)


# --- models: Hugging Face folders written as llama.cpp's convert_hf_to_gguf.py does
def safetensors(path):
    with open(path, 'rb') as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), 'little')))
        data = f.read()
    header.pop('__metadata__', None)
    return {k: np.frombuffer(data[slice(*v['data_offsets'])], np.float32).reshape(v['shape']) for k, v in header.items()}

def permute(w, heads):  # convert_hf_to_gguf.py, LlamaModel.permute
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

names = gguf.get_tensor_name_map
models = {}
for folder, arch in [('llama-rope-llama3', 'llama'), ('qwen2', 'qwen2'), ('qwen3', 'qwen3'), ('gpt2', 'gpt2')]:
    config = json.load(open(f'{shared}/goldens/{folder}/config.json'))
    tensors = safetensors(f'{shared}/goldens/{folder}/model.safetensors')
    layers = config.get('num_hidden_layers', config.get('n_layer'))
    heads = config.get('num_attention_heads', config.get('n_head'))
    to_gguf = names(gguf.MODEL_ARCH[arch.upper()], layers)
    w = GGUFWriter(f'{out}/{folder}.gguf', arch)
    w.add_block_count(layers); w.add_head_count(heads)
    w.add_embedding_length(config.get('hidden_size', config.get('n_embd')))
    w.add_context_length(config.get('max_position_embeddings', config.get('n_positions')))
    w.add_bos_token_id(config['bos_token_id']); w.add_eos_token_id(config['eos_token_id'])
    if config['pad_token_id'] is not None: w.add_pad_token_id(config['pad_token_id'])
    if arch == 'gpt2':
        w.add_feed_forward_length(4 * config['n_embd']); w.add_layer_norm_eps(config['layer_norm_epsilon'])
    else:
        rope = config['rope_parameters']
        w.add_feed_forward_length(config['intermediate_size']); w.add_layer_norm_rms_eps(config['rms_norm_eps'])
        w.add_head_count_kv(config['num_key_value_heads']); w.add_rope_freq_base(rope['rope_theta'])
        if 'head_dim' in config: w.add_key_length(config['head_dim']); w.add_value_length(config['head_dim']); w.add_rope_dimension_count(config['head_dim'])
        if rope['rope_type'] == 'llama3':  # convert_hf_to_gguf.py, LlamaModel.generate_extra_tensors
            dim, orig = config['head_dim'], rope['original_max_position_embeddings']
            factors = []
            for f in 1 / rope['rope_theta'] ** (np.arange(0, dim, 2, dtype=np.float64) / dim):
                wavelength = 2 * np.pi / f
                if wavelength < orig / rope['high_freq_factor']: factors.append(1.0)
                elif wavelength > orig / rope['low_freq_factor']: factors.append(rope['factor'])
                else:
                    smooth = (orig / wavelength - rope['low_freq_factor']) / (rope['high_freq_factor'] - rope['low_freq_factor'])
                    factors.append(1 / ((1 - smooth) / rope['factor'] + smooth))
            w.add_rope_scaling_orig_ctx_len(orig)
            w.add_tensor('rope_freqs.weight', np.array(factors, np.float32))
    want = {}
    for name, value in tensors.items():
        half = value.ndim > 1
        kept = value.astype(np.float16) if half else value
        want[name] = {'shape': list(value.shape), 'sha256': hashlib.sha256(kept.astype(np.float32).tobytes()).hexdigest()}
        if arch == 'llama' and '.q_proj.' in name: kept = permute(kept, heads)
        if arch == 'llama' and '.k_proj.' in name: kept = permute(kept, config['num_key_value_heads'])
        if arch == 'gpt2' and name.endswith(('c_attn.weight', 'c_proj.weight', 'c_fc.weight')): kept = np.ascontiguousarray(kept.T)
        w.add_tensor(to_gguf.get_name(name, try_suffixes=('.weight', '.bias')), kept)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    kept = ('model_type', 'vocab_size', 'head_dim', 'rope_parameters', 'tie_word_embeddings', 'pad_token_id', 'eos_token_id', 'n_positions')
    models[folder] = {'config': {k: config[k] for k in kept if k in config}, 'tensors': {k: [v['shape'], v['sha256'][:16]] for k, v in want.items()}}
dump('models.json', models)


# --- pre-tokenizer rules: the pieces that `tokenizers` cuts, with the expressions of the models' own tokenizer.json
texts = [r['text'] for r in json.load(open(f'{shared}/goldens-tokens/smollm2.json'))['encode']] + ["WE'LL see'll it'S", "12345 1,234.5 ##!!\r\n\r\n x", "a\u0301b\u00a0\u3000c"]
gpt2 = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
llama3 = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
qwen2 = llama3.replace('{1,3}', '')
split = lambda expression: pt.Split(Regex(expression), 'isolated')
byte = lambda regex=False: pt.ByteLevel(add_prefix_space=False, use_regex=regex)
rules = {'gpt-2': byte(True), 'smollm': pt.Sequence([pt.Digits(individual_digits=True), byte(True)]),
         'llama-bpe': pt.Sequence([split(llama3), byte()]), 'qwen2': pt.Sequence([split(qwen2), byte()]),
         'default': pt.Sequence([split(r'[\p{P}\$\+<=>\^~\|]+'), split(gpt2), split(r'\p{N}+'), split('[0-9][0-9][0-9]'), byte()])}
dump('pre-rules.json', {'texts': texts, 'pieces': {name: [[p for p, _ in rule.pre_tokenize_str(t)] for t in texts] for name, rule in rules.items()}})


# --- SentencePiece: a small BPE model trained here, its pieces in a GGUF file, ids by the library itself
rows = [json.loads(line) for line in open(f'{shared}/data/gsm8k/train.jsonl')][:400]
model = io.BytesIO()
spm.SentencePieceTrainer.train(sentence_iterator=iter(r['question'] + '\n' + r['answer'] for r in rows), model_writer=model, vocab_size=500, model_type='bpe',
                               byte_fallback=True, character_coverage=0.999, normalization_rule_name='identity', remove_extra_whitespaces=False, num_threads=1, minloglevel=2)
sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
kinds = [3 if sp.is_control(i) else 2 if sp.is_unknown(i) else 6 if sp.is_byte(i) else 1 for i in range(sp.vocab_size())]
w = GGUFWriter(f'{out}/spm.gguf', 'llama')
w.add_block_count(1); w.add_head_count(1); w.add_embedding_length(2); w.add_context_length(8); w.add_feed_forward_length(2); w.add_layer_norm_rms_eps(1e-5)
w.add_tokenizer_model('llama'); w.add_token_list([sp.id_to_piece(i) for i in range(sp.vocab_size())])
w.add_token_scores([sp.get_score(i) for i in range(sp.vocab_size())]); w.add_token_types(kinds)
w.add_bos_token_id(sp.bos_id()); w.add_eos_token_id(sp.eos_id()); w.add_unk_token_id(sp.unk_id())
w.add_tensor('token_embd.weight', np.zeros((sp.vocab_size(), 2), np.float16))
w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
asked = [t for t in texts if t and '<' not in t and '\u0000' not in t] + [r['question'] for r in rows[:5]]
dump('spm.json', {'bos': sp.bos_id(), 'rows': [{'text': t, 'ids': sp.encode(t), 'decode': sp.decode(sp.encode(t))} for t in asked]})
print({name: os.path.getsize(f'{out}/{name}') for name in sorted(os.listdir(out))})
