import type { Cause } from './cause.js';
import { lookUp } from './evaluate-condition.js';
import type { Facts } from './facts.js';

const MAX_VALUE = 500;

/**
 * The text of a chat message: `{{data.x}}`, `{{subject.x}}` and `{{event}}` stand for what the cause says; what it does not say is empty. Values are escaped
 * as Slack asks for (& < >), so that no value mentions anybody or makes a link.
 */
export function noticeText(template: string, cause: Cause, facts: Facts): string {
  return template.replaceAll(/\{\{\s*(event|data\.[^{}\s]+|subject\.[^{}\s]+)\s*\}\}/g, (_whole, name: string) => {
    if (name === 'event') return escape(cause.name);
    const found = name.startsWith('data.') ? lookUp(cause.data, name.slice(5).split('.')) : lookUp(facts, [name.slice(8)]);
    return found === undefined || found === null ? '' : escape(typeof found === 'object' ? JSON.stringify(found) : String(found));
  });
}

/** What a text asks for of an event: names of its `data`, or of facts of its `subject`. */
export function namesInText(template: string, of: 'data' | 'subject'): string[] {
  const placeholders = [...template.matchAll(/\{\{\s*(data|subject)\.([^{}\s]+)\s*\}\}/g)];
  return placeholders.filter(([, part]) => part === of).map(([, , name]) => name!);
}

function escape(text: string): string {
  return text.slice(0, MAX_VALUE).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
