import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html, Markup, scriptJson } from '../../../rules/report/markup.ts';

const hostile = `<script>alert("x")</script>'&`;

test('text that is filled in opens no tag and ends no attribute', () => {
  const { text } = html`<p title="${hostile}">${[hostile, 1]}</p>`;
  const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;';
  assert.equal(text, `<p title="${escaped}">${escaped}1</p>`);
});

test('markup that is filled in stays markup, and nothing is nothing', () => {
  assert.equal(html`<p>${[html`<b>1</b>`, undefined]}${new Markup('<i>')}</p>`.text, '<p><b>1</b><i></p>');
});

test('JSON in a script cannot end the script, and reads back as it was', () => {
  const { text } = scriptJson({ hostile, numbers: [1, Number.NaN] });
  assert.doesNotMatch(text, /</);
  assert.deepEqual(JSON.parse(text), { hostile, numbers: [1, null] });
});
