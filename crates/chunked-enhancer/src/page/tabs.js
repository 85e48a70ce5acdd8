// Tabs with panels. One panel is shown at a time.

export class Tabs {
  /** @param {HTMLElement} list The tab list. Its tabs name their panels in `aria-controls`. */
  constructor(list) {
    this.tabs = [...list.querySelectorAll('[role=tab]')];
    for (const tab of this.tabs) tab.addEventListener('click', () => this.show(tab));
    list.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const at = this.tabs.indexOf(event.target);
      const tab = this.tabs[(at + by + this.tabs.length) % this.tabs.length];
      this.show(tab);
      tab.focus();
    });
    this.show(this.tabs[0]);
  }

  get shown() {
    return this.tabs.find((tab) => tab.ariaSelected === 'true');
  }

  show(shown) {
    for (const tab of this.tabs) {
      tab.ariaSelected = String(tab === shown);
      tab.tabIndex = tab === shown ? 0 : -1;
      document.getElementById(tab.getAttribute('aria-controls')).hidden = tab !== shown;
    }
  }

  /** Shows the next panel and moves the focus to its tab. */
  showNext() {
    this.show(this.tabs[(this.tabs.indexOf(this.shown) + 1) % this.tabs.length]);
    this.shown.focus();
  }
}
