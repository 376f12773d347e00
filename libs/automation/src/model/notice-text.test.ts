import { expect, test } from 'vitest';
import { scheduledCause } from './cause.js';
import { namesInText, noticeText } from './notice-text.js';

const cause = {
  ...scheduledCause('trg_1', new Date(0), 'c'),
  data: { number: 3, name: '<!channel> & <http://x|y>', list: [1], deep: { a: 'b' } },
};

test('placeholders stand for what the cause says, escaped as Slack asks', () => {
  expect(noticeText('{{event}}: {{ data.number }} {{data.deep.a}} {{data.list}} [{{data.none}}]', cause, {})).toBe(
    'schedule: 3 b [1] []',
  );
  expect(noticeText('{{data.name}} of {{subject.dataset}}', cause, { dataset: 'a&b' })).toBe(
    '&lt;!channel&gt; &amp; &lt;http://x|y&gt; of a&amp;b',
  );
});

test('nothing else is a placeholder, and a value is not read again', () => {
  expect(noticeText('{{env.SECRET}} {{data}} {{constructor}} {{data.constructor}}', cause, {})).toBe(
    '{{env.SECRET}} {{data}} {{constructor}} ',
  );
  expect(noticeText('{{data.name}}', { ...cause, data: { name: '{{data.number}}', number: 3 } }, {})).toBe('{{data.number}}');
});

test('what a text asks for', () => {
  const text = '{{subject.dataset}} {{ subject.metric.val/loss }} {{data.x}} {{event}} {{other.y}}';
  expect(namesInText(text, 'subject')).toEqual(['dataset', 'metric.val/loss']);
  expect(namesInText(text, 'data')).toEqual(['x']);
});
