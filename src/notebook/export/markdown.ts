import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import MarkdownIt from 'markdown-it';
import { escapeHtml } from './embed.ts';
import { sanitizeHtml } from './sanitize.ts';

hljs.registerLanguage('typescript', typescript);
hljs.registerLanguage('bash', bash);
hljs.registerLanguage('json', json);

/** Code as HTML with the classes of highlight.js; plain where the language is not known. */
export function highlight(code: string, language = 'typescript'): string {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

const markdown = new MarkdownIt({ html: true, linkify: true, typographer: false, highlight });

/** Markdown of a cell or an output as safe HTML. */
export function renderMarkdown(source: string): string {
  return sanitizeHtml(markdown.render(source));
}

/** Text of the first heading of level 1, without markup; undefined when there is none. */
export function firstHeading(source: string): string | undefined {
  const tokens = markdown.parse(source, {});
  const at = tokens.findIndex(({ type, tag }) => type === 'heading_open' && tag === 'h1');
  const words = tokens[at + 1]?.children?.map(({ content }) => content).join('');
  return at < 0 ? undefined : words;
}
