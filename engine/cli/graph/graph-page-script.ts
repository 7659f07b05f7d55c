/**
 * What the page of `flow graph --format html` does, in plain JavaScript for browsers. `test/graph-page.test.ts` drives it.
 *
 * Text reaches the page as text, never as HTML.
 */
export const pageScript = String.raw`'use strict';

const graph = JSON.parse(document.getElementById('graph').textContent);
const drawing = document.getElementById('drawing');
const svg = drawing.querySelector('svg');
const facts = document.getElementById('facts');
const search = document.getElementById('search');
const count = document.getElementById('count');
const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
const boxes = new Map([...svg.querySelectorAll('.node')].map((box) => [box.dataset.name, box]));
const arrows = [...svg.querySelectorAll('.arrow')];
const producers = neighbours('to', 'from');
const consumers = neighbours('from', 'to');
let chosen;

// ---- what is up- and downstream

function neighbours(here, there) {
  const found = new Map(graph.nodes.map((node) => [node.name, new Set()]));
  for (const edge of graph.edges) found.get(edge[here]).add(edge[there]);
  return found;
}

function reach(name, next) {
  const reached = new Set();
  const pending = [...next.get(name)];
  while (pending.length > 0) {
    const here = pending.pop();
    if (reached.has(here)) continue;
    reached.add(here);
    pending.push(...next.get(here));
  }
  return reached;
}

function light(name) {
  const up = name ? reach(name, producers) : new Set();
  const down = name ? reach(name, consumers) : new Set();
  svg.classList.toggle('lit', Boolean(name));
  for (const [other, box] of boxes) {
    box.classList.toggle('chosen', other === name);
    box.classList.toggle('upstream', up.has(other));
    box.classList.toggle('downstream', down.has(other));
  }
  for (const arrow of arrows) {
    const { from, to } = arrow.dataset;
    arrow.classList.toggle('upstream', up.has(from) && (up.has(to) || to === name));
    arrow.classList.toggle('downstream', down.has(to) && (down.has(from) || from === name));
  }
}

function choose(name, { isFocused = false } = {}) {
  chosen = name;
  for (const [other, box] of boxes) box.setAttribute('aria-pressed', String(other === name));
  light(name);
  showFacts(name);
  if (isFocused && name) boxes.get(name).focus();
}

// ---- the panel

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function showFacts(name) {
  facts.replaceChildren(...(name ? factsOf(nodes.get(name)) : welcome()));
  facts.scrollTop = 0;
}

function welcome() {
  return [
    element('h2', graph.nodes.length === 1 ? '1 component' : graph.nodes.length + ' components'),
    element('p', 'Choose a component to see what it is made of, what it depends on (blue), and what depends on it (violet).'),
    element('p', 'Arrow keys walk along the arrows. Scroll, pinch, + and - zoom; 0 shows all; / searches; Escape lets go.'),
  ];
}

function factsOf(node) {
  const rows = element('dl');
  const row = (label, value, className) => {
    if (value === undefined || value === null || value === '') return;
    rows.append(element('dt', label), element('dd', value, className));
  };
  if (node.status) row('status', statusText(node), 'status-' + node.status + '-text');
  row('needed', (node.required ? 'required' : 'optional') + (node.enabled ? '' : ', disabled by the profile'));
  row('size', sizeText(node.bytes));
  row('last took', durationText(node.last_duration_ms));
  row('processor', node.processor);
  row('rule', node.rule + (node.version ? ', version ' + node.version : ''));
  return [
    element('h2', node.name),
    rows,
    ...links('takes from', [...producers.get(node.name)], 'upstream'),
    ...links('goes to', [...consumers.get(node.name)], 'downstream'),
    ...list('inputs', node.inputs.map((input) => [input.name, '← ' + (input.from ?? 'nothing: it is optional')])),
    ...list('outputs', node.outputs.map((output) => [output.name + ': ' + output.format + (output.ephemeral ? ', held only while it is read' : ''), output.arrays.join('\n')])),
    ...list('params', node.params.map((param) => [param.name + ': ' + JSON.stringify(param.value), param.doc ?? ''])),
  ];
}

function links(title, names, className) {
  if (names.length === 0) return [];
  const row = element('div', undefined, 'links ' + className);
  for (const name of names) {
    const button = element('button', name);
    button.type = 'button';
    button.addEventListener('click', () => choose(name, { isFocused: true }));
    row.append(button);
  }
  return [element('h3', title), row];
}

function list(title, entries) {
  if (entries.length === 0) return [];
  const rows = element('ul');
  for (const [text, note] of entries) {
    const row = element('li');
    row.append(element('code', text));
    for (const line of note.split('\n')) if (line) row.append(element('small', line));
    rows.append(row);
  }
  return [element('h3', title), rows];
}

function statusText({ status, actions }) {
  if (status === 'cached') return 'cached';
  if (status === 'unknown') return 'unknown until its inputs are made';
  const all = actions.to_run + actions.cached;
  return actions.cached > 0 ? actions.to_run + ' of ' + all + ' actions to run' : 'to run';
}

function sizeText(bytes) {
  if (bytes === null) return undefined;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 999.5 && unit < units.length - 1; unit += 1) bytes /= 1024;
  return (unit === 0 || bytes >= 99.5 ? Math.round(bytes) : bytes.toFixed(1)) + ' ' + units[unit];
}

function durationText(ms) {
  if (ms === null) return undefined;
  const seconds = ms / 1000;
  if (seconds < 60) return seconds.toFixed(2) + ' s';
  return Math.floor(seconds / 60) + ' min ' + String(Math.floor(seconds % 60)).padStart(2, '0') + ' s';
}

// ---- search

function find() {
  const wanted = search.value.trim().toLowerCase();
  const matches = wanted === '' ? [] : graph.nodes.filter((node) => [node.name, node.rule, node.processor].some((text) => text.toLowerCase().includes(wanted)));
  const names = new Set(matches.map((node) => node.name));
  svg.classList.toggle('found', wanted !== '');
  for (const [name, box] of boxes) box.classList.toggle('match', names.has(name));
  count.textContent = wanted === '' ? '' : names.size === 0 ? 'none found' : names.size + ' found';
  return matches;
}

search.addEventListener('input', () => {
  choose(undefined);
  find();
});
search.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    search.value = '';
    find();
    search.blur();
  }
  if (event.key !== 'Enter') return;
  const [first] = find();
  if (!first) return;
  search.value = '';
  find();
  choose(first.name, { isFocused: true });
});

// ---- zoom and pan: by the view box

const whole = { x: 0, y: 0, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
let view = { ...whole };

function show(next) {
  view = next;
  svg.setAttribute('viewBox', [view.x, view.y, view.width, view.height].join(' '));
}

/** Where a point of the screen lies in the drawing. */
function pointAt(clientX, clientY) {
  return new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
}

/** Zooms so that the given point of the screen stays where it is. */
function zoom(factor, clientX, clientY) {
  const bounds = svg.getBoundingClientRect();
  const { x, y } = pointAt(clientX ?? bounds.x + bounds.width / 2, clientY ?? bounds.y + bounds.height / 2);
  const width = Math.min(whole.width * 4, Math.max(whole.width / 40, view.width / factor));
  const scale = width / view.width;
  show({ x: x - (x - view.x) * scale, y: y - (y - view.y) * scale, width, height: view.height * scale });
}

function pan(fromX, fromY, toX, toY) {
  const [from, to] = [pointAt(fromX, fromY), pointAt(toX, toY)];
  show({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
}

document.getElementById('zoom-in').addEventListener('click', () => zoom(1.3));
document.getElementById('zoom-out').addEventListener('click', () => zoom(1 / 1.3));
document.getElementById('zoom-fit').addEventListener('click', () => show({ ...whole }));
drawing.addEventListener('wheel', (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), event.clientX, event.clientY);
}, { passive: false });

const fingers = new Map();
let hasMoved = false;

drawing.addEventListener('pointerdown', (event) => {
  if (event.button > 0) return;
  if (fingers.size === 0) hasMoved = false;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY });
});
window.addEventListener('pointermove', (event) => {
  const finger = fingers.get(event.pointerId);
  if (!finger) return;
  // A trembling hand clicks all the same.
  if (!hasMoved && Math.hypot(event.clientX - finger.startX, event.clientY - finger.startY) < 5) return;
  hasMoved = true;
  drawing.classList.add('dragging');
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const before = Math.hypot(finger.x - other.x, finger.y - other.y);
    const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    if (before > 0 && after > 0) zoom(after / before, (event.clientX + other.x) / 2, (event.clientY + other.y) / 2);
  } else pan(finger.x, finger.y, event.clientX, event.clientY);
  finger.x = event.clientX;
  finger.y = event.clientY;
});
for (const end of ['pointerup', 'pointercancel']) {
  window.addEventListener(end, (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size === 0) drawing.classList.remove('dragging');
  });
}

// ---- choosing, by pointer and by keys

drawing.addEventListener('click', (event) => {
  if (hasMoved) return;
  const box = event.target.closest('.node');
  const name = box?.dataset.name;
  choose(name === chosen ? undefined : name);
});

for (const [name, box] of boxes) {
  box.setAttribute('tabindex', '0');
  box.setAttribute('role', 'button');
  box.setAttribute('aria-label', name);
  box.addEventListener('mouseenter', () => {
    if (!chosen && fingers.size === 0 && !svg.classList.contains('found')) light(name);
  });
  box.addEventListener('mouseleave', () => {
    if (!chosen) light(undefined);
  });
}

/** The nearest box in a direction, among the given ones or in the same column. */
function step(name, key) {
  const place = (other) => boxes.get(other).getBoundingClientRect();
  const { x, y } = place(name);
  const isColumn = (other) => Math.abs(place(other).x - x) < 2;
  const candidates = {
    ArrowRight: () => [...consumers.get(name)],
    ArrowLeft: () => [...producers.get(name)],
    ArrowDown: () => [...boxes.keys()].filter((other) => isColumn(other) && place(other).y > y + 1),
    ArrowUp: () => [...boxes.keys()].filter((other) => isColumn(other) && place(other).y < y - 1),
  }[key]();
  const distance = (other) => Math.hypot(place(other).x - x, place(other).y - y);
  return candidates.sort((a, b) => distance(a) - distance(b))[0];
}

document.addEventListener('keydown', (event) => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
  const focused = document.activeElement?.closest?.('.node')?.dataset.name;
  if (event.key === '/') search.focus();
  else if (event.key === '+' || event.key === '=') zoom(1.3);
  else if (event.key === '-') zoom(1 / 1.3);
  else if (event.key === '0') show({ ...whole });
  else if (event.key === 'Escape') choose(undefined);
  else if (focused && (event.key === 'Enter' || event.key === ' ')) choose(focused === chosen ? undefined : focused);
  else if (event.key.startsWith('Arrow') && !facts.contains(document.activeElement)) {
    const from = focused ?? chosen;
    const next = from ? step(from, event.key) : graph.nodes[0]?.name;
    if (next) choose(next, { isFocused: true });
  } else return;
  event.preventDefault();
});

choose(undefined);`;
