// A blind test: the user says whether X is the original or the mastered version. By guessing, half of the answers are right.

/** The number of answers in a test. */
export const TRIALS = 16;
/** The significance level: a result counts as a heard difference when its probability by guessing is lower. */
const SIGNIFICANCE = 0.05;

/** The probability of at least so many right answers by guessing: the upper tail of a binomial distribution. */
export function chance(right, trials) {
  let combinations = 1;
  let sum = 0;
  for (let k = 0; k <= trials; k += 1) {
    if (k >= right) sum += combinations;
    combinations = (combinations * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

const randomVersion = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? 'original' : 'mastered');

export class Abx {
  /** @param playVersion Plays a version without showing which one it is. */
  constructor(dialog, playVersion) {
    Object.assign(this, { dialog, playVersion });
    const element = (name) => dialog.querySelector(`[data-abx=${name}]`);
    this.parts = { question: element('question'), answers: element('answers'), result: element('result') };
    this.playButtons = [...dialog.querySelectorAll('[data-play]')];
    for (const button of this.playButtons) button.addEventListener('click', () => this.play(button.dataset.play));
    for (const button of dialog.querySelectorAll('[data-answer]')) {
      button.addEventListener('click', () => this.answer(button.dataset.answer));
    }
    dialog.addEventListener('keydown', (event) => {
      const key = event.key.toLowerCase();
      if ('abx'.includes(key)) this.play(key);
      if (key === '1' || key === '2') this.answer(key === '1' ? 'original' : 'mastered');
    });
  }

  start() {
    this.answers = [];
    this.drawX();
    this.dialog.showModal();
  }

  drawX() {
    this.x = randomVersion();
    this.show();
    this.play('x');
  }

  play(name) {
    this.playVersion({ a: 'original', b: 'mastered', x: this.x }[name]);
    for (const button of this.playButtons) button.setAttribute('aria-pressed', button.dataset.play === name);
  }

  answer(version) {
    if (this.answers.length === TRIALS) return;
    this.answers.push(version === this.x);
    if (this.answers.length < TRIALS) this.drawX();
    else this.show();
  }

  show() {
    const { question, answers, result } = this.parts;
    const complete = this.answers.length === TRIALS;
    answers.hidden = complete;
    question.textContent = complete ? 'The test is complete.' : `Sound ${this.answers.length + 1} of ${TRIALS}. X is A or B.`;
    if (!complete) return (result.textContent = '');
    const right = this.answers.filter(Boolean).length;
    const p = chance(right, TRIALS);
    const verdict = p < SIGNIFICANCE ? 'You hear the difference.' : 'This may be luck.';
    result.textContent = `${right} of ${TRIALS} right; the probability of this or more by guessing is p = ${p.toPrecision(2)}. ${verdict}`;
  }
}
