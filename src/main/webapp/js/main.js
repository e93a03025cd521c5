import { chat } from './chat.js';
import { panel } from './panels.js';
import { PROTOCOLS } from './protocols.js';
import { tabs } from './tabs.js';

chat();

const panels = PROTOCOLS.map(panel);
document.getElementById('tabs').append(...panels.map(({ tab }) => tab));
document.getElementById('panels').append(...panels.map(({ view }) => view));
tabs(document.getElementById('tabs'));
