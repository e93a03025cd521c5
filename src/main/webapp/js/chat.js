import { connect } from '../parley.js';
import { element } from './dom.js';
import { ROOM_RULE, USER_RULE, accept, roomProblem, userProblem } from './names.js';
import { RoomView } from './room.js';

const byId = (id) => document.getElementById(id);

/** The chat of the page: any number of rooms under one name, one of them shown. */
export function chat() {
  const parley = connect(document.baseURI);
  const form = byId('join');
  const user = byId('user');
  const room = byId('room');
  const entry = byId('entry');
  const rooms = new Map(); // by name: its view, its item in the list, and how much in it is unread
  let shown = null;

  function title() {
    let unread = 0;
    for (const one of rooms.values()) unread += one.unread;
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${shown ? `${shown.view.name} · ` : ''}Parley`;
  }

  function draw(one) {
    const { name, state } = one.view;
    one.button.replaceChildren(
      element('span', { class: 'hash', 'aria-hidden': 'true' }, '#'),
      element('span', { class: 'name' }, name),
      ...(state === 'open' ? [] : [element('span', { class: 'away' }, state === 'closed' ? 'closed' : '…')]),
      ...(one.unread > 0
        ? [element('span', { class: 'unread' }, String(one.unread), element('span', { class: 'unseen' }, ' unread'))]
        : []),
    );
    one.button.setAttribute('aria-current', String(one === shown));
  }

  function show(one) {
    if (shown) shown.view.view.hidden = true;
    const before = shown;
    shown = one;
    byId('nowhere').hidden = one !== null;
    if (before && rooms.has(before.view.name)) draw(before);
    if (one) {
      one.view.view.hidden = false;
      read();
      remember(one.view.name);
    }
    title();
  }

  function read() {
    if (!shown) return;
    if (!document.hidden) shown.unread = 0;
    draw(shown);
    title();
  }

  function unread(view) {
    const one = rooms.get(view.name);
    if (!one || (one === shown && !document.hidden)) return;
    one.unread += 1;
    draw(one);
    title();
  }

  /** With a room the form asks for another one only, and steps back. */
  function arrange() {
    const some = rooms.size > 0;
    byId('rooms').hidden = !some;
    byId('me').hidden = !some;
    byId('me').replaceChildren('You are ', element('bdi', {}, user.value));
    entry.querySelector('summary').hidden = !some;
    entry.open = !some;
    form.querySelector('.lead').hidden = some;
    user.closest('.field').hidden = some;
  }

  function leave(view) {
    const all = [...rooms.keys()];
    const at = all.indexOf(view.name);
    const { item } = rooms.get(view.name);
    rooms.delete(view.name);
    view.leave();
    item.remove();
    const next = rooms.get(all[at + 1] ?? all[at - 1]) ?? null;
    room.value = next ? '' : view.name;
    arrange();
    show(next);
    if (next) next.button.focus();
    else form.querySelector('button').focus();
    byId('nowhere').querySelector('.status').textContent = next ? '' : `You left ${view.name}`;
  }

  /** The address of the page says where it is; a second tab is somebody else in the same room. */
  function remember(name) {
    const here = new URL(location.href);
    here.searchParams.set('room', name);
    here.searchParams.set('user', user.value);
    history.replaceState(null, '', here);
    invite(name);
  }

  function invite(name) {
    const there = new URL('./', document.baseURI);
    there.search = new URLSearchParams({ room: name });
    for (const link of document.querySelectorAll('.second-tab')) link.href = there;
  }

  function enter() {
    user.value = user.value.trim();
    room.value = room.value.trim();
    const good = [accept(user, userProblem(user.value)), accept(room, roomProblem(room.value))];
    if (good.includes(false)) {
      (good[0] ? room : user).focus();
      return;
    }
    const name = room.value;
    if (!rooms.has(name)) {
      const button = element('button', { type: 'button' });
      const item = element('li', {}, button);
      const view = new RoomView(parley, name, user.value, {
        leave,
        unread,
        changed: () => rooms.has(name) && draw(rooms.get(name)),
      });
      const one = { view, item, button, unread: 0 };
      button.addEventListener('click', () => {
        show(one);
        view.focus();
      });
      rooms.set(name, one);
      byId('rooms').querySelector('ul').append(item);
      byId('views').append(view.view);
    }
    room.value = '';
    arrange();
    show(rooms.get(name));
    shown.view.focus();
  }

  form.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    enter();
  });
  document.addEventListener('visibilitychange', read);
  entry.addEventListener('toggle', () => entry.open && rooms.size > 0 && room.focus());

  const asked = new URL(location.href).searchParams;
  user.value = asked.get('user') ?? '';
  room.value = asked.get('room') ?? 'main';
  room.addEventListener('input', () => rooms.size === 0 && invite(room.value));
  invite(room.value);
  byId('user-rule').textContent = USER_RULE;
  byId('room-rule').textContent = ROOM_RULE;
}
