import { FormatError } from '../../errors.ts';
import type { Row } from '../files/row.ts';
import { readRows } from '../files/rows.ts';
import type { ChatMessage, Example } from '../task.ts';
import { definitions, type FileFormat, type TaskDefinition } from './definitions.ts';
import { fieldsOf, fieldText, fieldTexts, fill, joined } from './template.ts';

/** Whether a row has all the fields that a layout needs. */
function fits(row: Row, format: FileFormat): boolean {
  if (format === 'messages') return Array.isArray(row.fields.messages);
  const { prompt, completion, meta }: TaskDefinition = definitions[format];
  const needed = [...fieldsOf(prompt), ...fieldsOf(completion), ...Object.values(meta ?? {})];
  return needed.every((field) =>
    field.split('|').some((path) => {
      const [name, ...inner] = path.split('.') as [string, ...string[]];
      return inner.length > 0 ? Array.isArray(row.fields[name]) : name in row.fields;
    }),
  );
}

/** The layout that a row has. Throws FormatError naming its fields when it is none that is known. */
export function formatOf(row: Row): FileFormat {
  const found = (Object.keys(definitions) as FileFormat[]).find((format) => fits(row, format));
  if (found) return found;
  const known = (Object.keys(definitions) as FileFormat[]).map((format) => {
    const { prompt, completion }: TaskDefinition = definitions[format];
    const fields = format === 'messages' ? ['messages'] : [...fieldsOf(prompt), ...fieldsOf(completion)];
    return `${fields.map((f) => f.split(/[|.]/)[0]).join(' and ')} (${format})`;
  });
  throw new FormatError(
    `${row.where} has the fields ${Object.keys(row.fields).join(', ') || '(none)'}; an example needs ` +
      `${known.slice(0, -1).join(', ')} or ${known.at(-1)}. For other fields give a prompt and a completion of your own: ` +
      "{ prompt: 'Translate: {english}\\nFrench:', completion: ' {french}' }.",
  );
}

/** A conversation: every turn has a role and a content, and the assistant speaks at least once, but not first. */
function conversation(row: Row): Example {
  const turns: unknown = row.fields.messages;
  const isTurn = (turn: unknown): turn is ChatMessage => {
    const { role, content } = (turn ?? {}) as Partial<ChatMessage>;
    return typeof role === 'string' && typeof content === 'string';
  };
  if (!Array.isArray(turns) || !turns.every(isTurn)) {
    throw new FormatError(`${row.where} has no list of { role, content } in its field "messages".`);
  }
  const last = turns.findLastIndex((turn) => turn.role === 'assistant');
  if (last < 1) {
    throw new FormatError(
      `${row.where} has no turn of the assistant with one before it, so there is nothing to learn.`,
    );
  }
  const messages = turns.slice(0, last + 1).map(({ role, content }) => ({ role, content }));
  const before = messages.slice(0, -1).map(({ role, content }) => `${role}: ${content}\n`);
  return { prompt: `${before.join('')}assistant:`, completion: messages.at(-1)!.content, messages };
}

/** The example of a row. Throws FormatError for a field that is missing, and for what the task's own check finds. */
export function exampleOf(row: Row, definition: TaskDefinition): Example {
  if (definition.chat) return conversation(row);
  const prompt = fill(definition.prompt, row);
  const example: Example = { prompt: joined(prompt), completion: joined(fill(definition.completion, row)) };
  const references = (definition.references ?? []).flatMap((field) => fieldTexts(row, field));
  if (references.length > 0) example.references = [...new Set(references)];
  const meta = Object.entries(definition.meta ?? {}).map(([name, field]) => [name, fieldText(row, field)]);
  if (meta.length > 0) example.meta = Object.fromEntries(meta) as Record<string, unknown>;

  const at = prompt.findIndex((piece) => piece.field !== undefined && piece.field === definition.cut?.field);
  if (definition.cut && at >= 0) {
    const from = joined(prompt.slice(0, at)).length;
    example.cut = { from, to: from + prompt[at]!.text.length, tokens: definition.cut.tokens };
  }
  const wrong = definition.check?.(example);
  if (wrong !== undefined) throw new FormatError(`${row.where} ${wrong}, which the task needs.`);
  return example;
}

/** All rows of some files. Throws FormatError when there are none. */
export async function rowsOf(paths: readonly string[]): Promise<Row[]> {
  const rows = (await Promise.all(paths.map(readRows))).flat();
  if (rows.length === 0) throw new FormatError(`The task is empty: ${paths.join(', ')} holds no examples.`);
  return rows;
}
