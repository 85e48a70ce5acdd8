// Keyboard shortcuts of the whole page.

/** Whether the focus was moved by the keyboard. The focused element then receives the keys that it uses. */
let byKeyboard = false;
addEventListener('pointerdown', () => (byKeyboard = false), true);

/** Keys that repeat while they are held down. */
const REPEATING = ['[', ']'];

/** @param handlerOf Returns the handler of a key, which is called with the event, or nothing for a key without a shortcut. */
export function onKeys(handlerOf) {
  addEventListener('keydown', (event) => {
    if (event.key === 'Tab' || event.key.startsWith('Arrow')) byKeyboard = true;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    const { target } = event;
    const typing = target.matches('input[type=search], input[type=password]');
    const pressesButton = byKeyboard && target.matches('button, summary, a') && event.key === ' ';
    const movesInControl = target.matches('input, [role=tab]') && event.key.startsWith('Arrow');
    if (typing || pressesButton || movesInControl) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const handler = handlerOf(key);
    if (!handler) return;
    event.preventDefault();
    // Other keys would switch back and forth while they are held down.
    if (event.repeat && !key.startsWith('Arrow') && !REPEATING.includes(key)) return;
    handler(event);
  });
}
