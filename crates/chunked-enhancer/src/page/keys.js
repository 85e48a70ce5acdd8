// What keys do, wherever the focus is.

/** Whether the keyboard brought the focus where it is: then its keys belong to what has it. */
let byKeyboard = false;
addEventListener('pointerdown', () => (byKeyboard = false), true);

/** Keys that may be held down. */
const HELD = ['[', ']'];

/** @param act Gives what a key does, called with the event; nothing for a key that does nothing. */
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
    // Held keys repeat; what is switched would flicker.
    if (event.repeat && !key.startsWith('Arrow') && !HELD.includes(key)) return;
    does(event);
  });
}
