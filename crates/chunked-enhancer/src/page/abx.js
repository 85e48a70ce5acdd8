// A blind test: is X the original or the mastered version? By guessing, half of the answers are right.

/** Answers of a test. */
export const TRIALS = 16;
/** The significance level: below this probability the result is not luck. */
const LUCK = 0.05;

/** The probability of at least so many right answers by guessing: the upper tail of a binomial distribution. */
export function chance(right, trials) {
  let ways = 1;
  let sum = 0;
  for (let k = 0; k <= trials; k += 1) {
    if (k >= right) sum += ways;
    ways = (ways * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

const coin = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? 'original' : 'mastered');

export class Abx {
  /** @param listen Plays a version without showing which. */
  constructor(dialog, listen) {
    Object.assign(this, { dialog, listen });
    const part = (name) => dialog.querySelector(`[data-abx=${name}]`);
    this.parts = { told: part('told'), answers: part('answers'), result: part('result') };
    this.sounds = [...dialog.querySelectorAll('[data-hear]')];
    for (const button of this.sounds) button.addEventListener('click', () => this.hear(button.dataset.hear));
    for (const button of dialog.querySelectorAll('[data-say]')) {
      button.addEventListener('click', () => this.say(button.dataset.say));
    }
    dialog.addEventListener('keydown', (event) => {
      const key = event.key.toLowerCase();
      if ('abx'.includes(key)) this.hear(key);
      if (key === '1' || key === '2') this.say(key === '1' ? 'original' : 'mastered');
    });
  }

  start() {
    this.answers = [];
    this.draw();
    this.dialog.showModal();
  }

  draw() {
    this.x = coin();
    this.show();
    this.hear('x');
  }

  hear(name) {
    this.listen({ a: 'original', b: 'mastered', x: this.x }[name]);
    for (const button of this.sounds) button.setAttribute('aria-pressed', button.dataset.hear === name);
  }

  say(side) {
    if (this.answers.length === TRIALS) return;
    this.answers.push(side === this.x);
    if (this.answers.length < TRIALS) this.draw();
    else this.show();
  }

  show() {
    const { told, answers, result } = this.parts;
    const over = this.answers.length === TRIALS;
    answers.hidden = over;
    told.textContent = over ? 'That was the last one.' : `Sound ${this.answers.length + 1} of ${TRIALS}. X is one of both.`;
    if (!over) return (result.textContent = '');
    const right = this.answers.filter(Boolean).length;
    const p = chance(right, TRIALS);
    const verdict = p < LUCK ? 'You hear the difference.' : 'That may well be luck.';
    result.textContent = `${right} of ${TRIALS} right; by guessing one gets that or more with p = ${p.toPrecision(2)}. ${verdict}`;
  }
}
