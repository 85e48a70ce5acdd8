// Keyboard shortcuts of the whole page.

/** Whether the focus was moved by the keyboard: then its element gets the keys that it uses. */
let byKeyboard = false;
addEventListener('pointerdown', () => (byKeyboard = false), true);

/** Keys that may be held down. */
const HELD = ['[', ']'];

/** @param act Returns the handler of a key, which is called with the event; none for a key without a shortcut. */
export function onKeys(act) {
  addEventListener('keydown', (event) => {
    if (event.key === 'Tab' || event.key.startsWith('Arrow')) byKeyboard = true;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    const { target: at } = event;
    const typing = at.matches('input[type=search], input[type=password]');
    const own = byKeyboard && at.matches('button, summary, a') && event.key === ' ';
    const slides = at.matches('input, [role=tab]') && event.key.startsWith('Arrow');
    if (typing || own || slides) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const does = act(key);
    if (!does) return;
    event.preventDefault();
    // A held key repeats, and would switch to and fro.
    if (event.repeat && !key.startsWith('Arrow') && !HELD.includes(key)) return;
    does(event);
  });
}
