import { milli } from './clock.js';
import { element, swap } from './dom.js';
import { Log } from './log.js';
import { accept } from './names.js';
import { Connection, addressOf } from './socket.js';

const SHOWN_BYTES = 64;
const DIRECTIONS = { sent: '↑ sent', received: '↓ received', note: '• note' };

function hex(bytes) {
  const digits = [...bytes.subarray(0, SHOWN_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const rest = bytes.length - SHOWN_BYTES;
  const counted = `${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  return `binary, ${counted}: ${digits}${rest > 0 ? ` … ${rest} more` : ''}`;
}

/** The tab and the panel in which one protocol is tried by hand. */
export function panel(protocol) {
  const id = (part) => `${protocol.id}-${part}`;
  const tab = element(
    'button',
    { type: 'button', role: 'tab', id: id('tab'), 'aria-controls': id('panel') },
    element('span', { class: 'tab-title' }, protocol.title),
    ' ',
    element('code', {}, protocol.path),
  );
  const view = element('div', { role: 'tabpanel', id: id('panel'), class: 'panel', 'aria-labelledby': id('tab') });
  view.append(document.getElementById('panel').content.cloneNode(true));

  const part = (selector) => view.querySelector(selector);
  const connect = part('[data-do=connect]');
  const disconnect = part('[data-do=disconnect]');
  const status = part('.status');
  part('.about').textContent = protocol.about;
  part('.empty p:last-child').textContent = protocol.hint;
  part('.log').setAttribute('aria-label', `Messages of ${protocol.title}`);
  const log = new Log(part('.log'));
  let connection = null;

  function write(direction, payload) {
    const body = element('span', { class: 'payload', dir: 'auto' }, payload === '' ? '(empty)' : payload);
    const way = element('span', { class: 'direction' }, DIRECTIONS[direction]);
    log.append(element('li', { 'data-direction': direction }, milli(), ' ', way, ' ', body));
  }

  const fields = protocol.fields.map((field) => {
    const input = element('input', {
      id: id(field.name),
      name: field.name,
      type: field.checkbox ? 'checkbox' : 'text',
      value: field.checkbox ? null : field.value,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      'aria-describedby': `${id(field.name)}-problem ${id(field.name)}-rule`,
    });
    const label = element('label', { for: input.id }, field.label);
    part('.fields').append(
      element(
        'div',
        { class: field.checkbox ? 'field check' : 'field' },
        ...(field.checkbox ? [input, label] : [label, input]),
        element('p', { class: 'problem', id: `${input.id}-problem`, hidden: true }),
        element('p', { class: 'rule', id: `${input.id}-rule` }, field.rule),
      ),
    );
    const value = () => (field.checkbox ? input.checked : field.trim ? input.value.trim() : input.value);
    return { name: field.name, input, value, valid: () => accept(input, field.problem(value())) };
  });
  part('.fields').hidden = fields.length === 0;

  const address = () =>
    addressOf(...protocol.target(Object.fromEntries(fields.map((field) => [field.name, field.value()]))));
  const showAddress = () => {
    part('.address code').textContent = address();
  };

  function changed(state, words) {
    status.dataset.state = state;
    status.textContent = words;
    if (state === 'closed') {
      connection = null;
      part('.fields').disabled = false;
      swap([connect], [disconnect], connect);
    } else {
      const inFields = part('.fields').contains(document.activeElement);
      swap([disconnect], [connect], disconnect);
      if (inFields) disconnect.focus();
      part('.fields').disabled = true;
    }
    if (state !== 'connecting') write('note', words);
    if (state === 'open' && document.activeElement === disconnect) part('.composers input').focus();
  }

  function send(data, shown) {
    if (!connection?.open) {
      write('note', 'Not sent: connect first.');
      return;
    }
    connection.send(data);
    write('sent', shown);
  }

  function composer(described) {
    const input = element('input', {
      id: id(described.name),
      value: described.value,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
    });
    const binary = element('input', { type: 'checkbox', id: id('binary') });
    const form = element(
      'form',
      { class: 'composer' },
      element('label', { for: input.id }, described.label),
      input,
      element('button', { type: 'submit' }, described.action),
    );
    if (described.binary) {
      const label = element('label', { for: binary.id }, 'Send as binary (the bytes of its UTF-8)');
      form.append(element('div', { class: 'check' }, binary, label));
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = described.encode(input.value);
      const bytes = binary.checked ? new TextEncoder().encode(text) : null;
      send(bytes ?? text, bytes ? hex(bytes) : text);
      input.select();
    });
    return form;
  }

  part('.composers').append(...protocol.composers.map(composer));
  if (protocol.shortcuts) {
    const buttons = protocol.shortcuts.map(({ label, data }) => {
      const button = element('button', { type: 'button' }, label);
      button.addEventListener('click', () => send(data, data));
      return button;
    });
    const group = { class: 'shortcuts', role: 'group', 'aria-label': 'Ready messages' };
    part('.composers').append(element('div', group, ...buttons));
  }

  part('.connect').addEventListener('input', showAddress);
  part('.connect').addEventListener('submit', (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !field.valid());
    if (wrong.length > 0) {
      wrong[0].input.focus();
      return;
    }
    connection = new Connection(address(), {
      state: changed,
      text: (text) => write('received', text),
      binary: (bytes) => write('received', hex(bytes)),
    });
  });
  disconnect.addEventListener('click', () => connection?.close());
  part('[data-do=clear]').addEventListener('click', () => log.clear());
  showAddress();
  return { tab, view };
}
