import { looksScript } from './looks-script.ts';

/** What moves in the report: one cursor through all panels, zoom, and pictures that load when they are seen. */
export const script = `'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const find = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const axis = find('axis'), scroll = axis.parentElement, cursor = find('cursor'), preview = find('preview');
  const values = all('[data-value]'), film = document.querySelector('.film');
  const cells = all('.strip li'), strip = document.querySelector('.strip'), rows = all('tbody tr');
  const { durationSec, readouts, shots, pictures } = data;
  const sourceOf = (picture) => 'data:image/jpeg;base64,' + pictures.jpegs[picture];
  let now = 0, zoom = 1, current = -1, shown = -1;

  /** Position of the last number that is not above a limit, or -1. */
  function lastUpTo(numbers, limit) {
    let low = 0, high = numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle] <= limit) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  function nearest(numbers, wanted) {
    const before = lastUpTo(numbers, wanted);
    if (before < 0) return 0;
    const isLast = before + 1 === numbers.length;
    return isLast || wanted - numbers[before] <= numbers[before + 1] - wanted ? before : before + 1;
  }

  function clock(sec, digits) {
    const scale = 10 ** digits, units = Math.round(sec * scale), minutes = Math.floor(units / scale / 60);
    const seconds = ((units % (60 * scale)) / scale).toFixed(digits).padStart(digits ? 3 + digits : 2, '0');
    if (minutes < 60) return minutes + ':' + seconds;
    return Math.floor(minutes / 60) + ':' + String(minutes % 60).padStart(2, '0') + ':' + seconds;
  }

  function valueAt({ times, values: numbers, unit, digits, names }, sec) {
    if (names) return names[numbers[Math.max(0, lastUpTo(times, sec))]] ?? '–';
    const number = times.length > 0 ? numbers[nearest(times, sec)] : null;
    if (number === null) return '–';
    return number.toFixed(digits).replace('-', '−') + (unit && (unit[0] === '/' ? unit : ' ' + unit));
  }

  function moveTo(sec, { follow = false } = {}) {
    now = Math.min(durationSec, Math.max(0, sec));
    cursor.style.left = (100 * now) / durationSec + '%';
    find('time').textContent = clock(now, 1);
    axis.setAttribute('aria-valuenow', now.toFixed(3));
    axis.setAttribute('aria-valuetext', clock(now, 1));
    values.forEach((element, index) => { element.textContent = valueAt(readouts[index], now); });
    if (preview) showPicture(nearest(pictures.times, now));
    showShot();
    showOnMap(now);
    if (follow) bringIntoView();
  }

  /** A picture at the cursor, with boxes around what was found in it. */
  function showPicture(picture) {
    if (picture === shown) return;
    shown = picture;
    preview.src = sourceOf(picture);
    const found = pictures.found[picture];
    if (!found) return;
    find('found').textContent = found.text;
    find('boxes').replaceChildren(...found.boxes.map(([kind, left, top, right, bottom]) => {
      const box = document.createElementNS(find('boxes').namespaceURI, 'path');
      box.setAttribute('class', kind);
      box.setAttribute('d', 'M' + left + ' ' + top + 'H' + right + 'V' + bottom + 'H' + left + 'Z');
      return box;
    }));
  }

  function showShot() {
    const at = shots.length > 0 ? Math.max(0, lastUpTo(shots, now)) : -1;
    if (at === current) return;
    for (const list of [cells, rows]) {
      if (list[current]) list[current].classList.remove('now');
      if (list[at]) list[at].classList.add('now');
    }
    current = at;
    const length = (shots[at + 1] ?? durationSec) - shots[at];
    find('where').textContent = 'Shot ' + (at + 1) + ' of ' + shots.length + ', ' + length.toFixed(1) + ' s long';
    if (cells[at]) strip.scrollLeft = cells[at].offsetLeft - (strip.clientWidth - cells[at].offsetWidth) / 2;
  }

  function bringIntoView() {
    const x = (axis.clientWidth * now) / durationSec;
    if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x - scroll.clientWidth / 2;
  }

  function timeUnder(event) {
    const box = axis.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * durationSec;
  }

  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

  function drawRuler() {
    const wanted = (72 * durationSec) / axis.clientWidth;
    const step = steps.find((one) => one >= wanted) ?? steps.at(-1);
    const count = Math.floor(durationSec / step + 1e-9);
    const texts = [], lines = [];
    for (let index = 0; index <= count; index += 1) {
      const left = 'left:' + (100 * index * step) / durationSec + '%';
      const isLast = index > 0 && (durationSec - index * step) / durationSec < 40 / axis.clientWidth;
      texts.push('<span style="' + left + '"' + (isLast ? ' class="last"' : '') + '>' + clock(index * step, step < 1 ? 1 : 0) + '</span>');
      lines.push('<i style="' + left + '"></i>');
    }
    find('ruler').innerHTML = texts.join('');
    find('grid').innerHTML = lines.join('');
  }

  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      target.src = sourceOf(target.dataset.picture);
      seen.unobserve(target);
    }
  }, { rootMargin: '200px' });

  /** As many pictures side by side as have room, each from the middle of its stretch of time. */
  function drawFilm() {
    if (!film || pictures.times.length === 0) return;
    film.style.display = 'flex';
    const count = Math.max(1, Math.round(axis.clientWidth / (film.clientHeight * pictures.ratio)));
    if (count === film.childElementCount) return;
    film.replaceChildren(...Array.from({ length: count }, (_, index) => {
      const image = new Image();
      image.alt = '';
      image.dataset.picture = nearest(pictures.times, ((index + 0.5) * durationSec) / count);
      seen.observe(image);
      return image;
    }));
  }

  function zoomTo(next) {
    const share = (scroll.scrollLeft + scroll.clientWidth / 2) / axis.clientWidth;
    zoom = Math.min(8, Math.max(1, next));
    axis.style.setProperty('--zoom', zoom);
    axis.classList.toggle('zoomed', zoom > 1);
    find('out').disabled = zoom === 1;
    find('in').disabled = zoom === 8;
    drawRuler();
    drawFilm();
    scroll.scrollLeft = share * axis.clientWidth - scroll.clientWidth / 2;
    bringIntoView();
  }

${looksScript}
  const keys = {
    ArrowLeft: (step) => now - step,
    ArrowRight: (step) => now + step,
    PageDown: (step) => now - 10 * step,
    PageUp: (step) => now + 10 * step,
    Home: () => 0,
    End: () => durationSec,
  };

  axis.addEventListener('keydown', (event) => {
    if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const isForward = event.key === 'ArrowRight';
    if (event.shiftKey && event.key.startsWith('Arrow') && shots.length > 0)
      moveTo(shots[Math.min(shots.length - 1, Math.max(0, current + (isForward ? 1 : -1)))], { follow: true });
    else moveTo(keys[event.key](durationSec / 200), { follow: true });
  });
  axis.addEventListener('pointerdown', (event) => { moveTo(timeUnder(event)); axis.focus({ preventScroll: true }); });
  axis.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' || zoom === 1) moveTo(timeUnder(event));
  });
  for (const element of all('[data-time]'))
    element.addEventListener('click', () => moveTo(Number(element.dataset.time), { follow: true }));
  find('in').addEventListener('click', () => zoomTo(zoom * 2));
  find('out').addEventListener('click', () => zoomTo(zoom / 2));
  for (const image of all('img[data-picture]')) seen.observe(image);
  new ResizeObserver(() => { drawRuler(); drawFilm(); }).observe(scroll);
  if (map) wireMap();
  if (matrix) wireMatrix();
  zoomTo(1);
  moveTo(0);
})();
`;
