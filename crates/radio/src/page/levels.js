// Draws the levels of what a player plays, from -60 to 0 dBFS, as long as the page is shown.

/** Draws the levels of `player` on a canvas, one bar for each channel. */
export function drawLevels(canvas, player) {
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  context.clearRect(0, 0, canvas.width, canvas.height);
  player.levels.forEach((level, channel) => {
    const share = Math.max(0, Math.min(1, (level + 60) / 60));
    context.fillStyle = style.getPropertyValue("--back");
    context.fillRect(0, channel * 13, canvas.width, 10);
    context.fillStyle = style.getPropertyValue("--accent");
    context.fillRect(0, channel * 13, canvas.width * share, 10);
  });
  // Without sound nothing moves.
  const next = () => drawLevels(canvas, player);
  if (player.playing) requestAnimationFrame(next);
  else setTimeout(next, 250);
}

/** Connects a button and a slider with a player. */
export function control(player, button, volume) {
  button.addEventListener("click", () => {
    if (player.playing) player.stop();
    else player.start();
    button.textContent = player.playing ? "Stop" : "Listen";
  });
  volume.addEventListener("input", () => { player.audio.volume = volume.value; });
}
