const MOST = 500;
const NEAR = 32;

/**
 * A bounded list that follows its newest entry for as long as the reader stays at the end. A second list in the same frame,
 * if there is one, stays below it.
 */
export class Log {
  #frame;
  #list;
  #empty;
  #last = 0;

  constructor(frame) {
    this.#frame = frame;
    this.#list = frame.querySelector('ol');
    this.#empty = frame.querySelector('.empty');
    this.#follow(true);
    frame.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    // Once per frame and after layout, however many entries came; and again when a hidden panel is shown.
    const observer = new ResizeObserver(() => {
      if (this.#following) frame.scrollTop = frame.scrollHeight;
    });
    observer.observe(frame);
    for (const list of frame.querySelectorAll('ol')) observer.observe(list);
  }

  append(entry) {
    this.#empty.hidden = true;
    this.#list.append(entry);
    while (this.#list.childElementCount > MOST) this.#list.firstElementChild.remove();
  }

  /** Goes to the end and follows it: the reader has something to say. */
  toEnd() {
    this.#empty.hidden = true;
    this.#follow(true);
    this.#frame.scrollTop = this.#frame.scrollHeight;
  }

  clear() {
    this.#list.replaceChildren();
    this.#empty.hidden = false;
    this.#follow(true);
  }

  get #following() {
    return 'following' in this.#frame.dataset;
  }

  #follow(yes) {
    if (yes) this.#frame.dataset.following = '';
    else delete this.#frame.dataset.following;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#frame;
    // An entry may have come since the scroll this event tells of: only a move upwards is the reader's.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#follow(true);
    else if (scrollTop < this.#last) this.#follow(false);
    this.#last = scrollTop;
  }
}
