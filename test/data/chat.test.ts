import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChatTemplate, loadTokenizer } from '../../src/data/index.ts';
import { ConfigError, FormatError } from '../../src/errors.ts';

const turns = `{{ bos_token }}{% for m in messages %}
{{ m.role }}: {{ m.content }}{{ eos_token }}
{% endfor %}
{% if add_generation_prompt %}assistant:{% endif %}`;
const talk = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello' },
];

describe('ChatTemplate', () => {
  it('renders with the special tokens, trimming blocks as transformers does', () => {
    const template = new ChatTemplate(turns, { bos_token: '<s>', eos_token: '</s>' }, 'x');
    expect(template.render(talk)).toBe('<s>user: Hi</s>\nassistant: Hello</s>\n');
    expect(template.render(talk.slice(0, 1), { addGenerationPrompt: true })).toBe(
      '<s>user: Hi</s>\nassistant:',
    );
  });

  it('says what is wrong with a template, and what a template finds wrong with messages', () => {
    expect(() => new ChatTemplate('{% for m in messages %}', {}, 'x')).toThrow(FormatError);
    expect(() => new ChatTemplate('{{ a b }}', {}, 'folder')).toThrow(
      /chat template of folder cannot be read: /,
    );
    const strict = new ChatTemplate("{{ raise_exception('System role not supported.') }}", {}, 'x');
    expect(() => strict.render(talk)).toThrow(ConfigError);
    expect(() => strict.render(talk)).toThrow(
      /does not take these messages \(user, assistant\): System role not supported\.$/,
    );
    expect(() => new ChatTemplate('{{ nothing() }}', {}, 'x').render(talk)).toThrow(ConfigError);
    expect(() => strict.render([{ role: 'user' } as never])).toThrow(/give \{ role, content \}/);
  });
});

describe("a tokenizer's chat", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chat-'));
    await cp('models/tiny', dir, { recursive: true });
  });

  it('takes chat_template.jinja, or else tokenizer_config.json', async () => {
    await expect(async () => (await loadTokenizer(dir)).chat(talk)).rejects.toThrow(
      /comes with no chat template/,
    );
    const path = join(dir, 'tokenizer_config.json');
    const settings = JSON.parse(await readFile(path, 'utf8')) as object;
    const named = [
      { name: 'tools', template: 'no' },
      { name: 'default', template: turns },
    ];
    for (const chat_template of [turns, named]) {
      await writeFile(path, JSON.stringify({ ...settings, chat_template }));
      const tokenizer = await loadTokenizer(dir);
      const { text, ids } = tokenizer.chat(talk);
      expect(text).toBe('<bos>user: Hi<eos>\nassistant: Hello<eos>\n');
      expect(ids).toEqual(tokenizer.encode(text));
      expect(ids[0]).toBe(tokenizer.bos);
      expect(ids.filter((id) => id === tokenizer.eos).length).toBe(2);
    }
    await writeFile(join(dir, 'chat_template.jinja'), '{{ messages | length }}');
    expect((await loadTokenizer(dir)).chat(talk).text).toBe('2');
  });
});
