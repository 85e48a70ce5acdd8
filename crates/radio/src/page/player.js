// Plays the stream: with hls.js where the browser has Media Source Extensions, otherwise with the browser's own HLS.

import Hls from "./hls.light.min.mjs";

const URI = "stream.m3u8";
// The policy of the page allows no workers from other URLs, and titles come from the server's events.
const PLAIN = {
  enableWorker: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
};

export class Player {
  constructor(onStatus) {
    this.audio = new Audio();
    this.audio.crossOrigin = "anonymous";
    this.onStatus = onStatus;
    this.hls = null;
    this.playing = false;
    this.audio.addEventListener("playing", () => this.onStatus("On air."));
    this.audio.addEventListener("waiting", () => this.playing && this.onStatus("Buffering …"));
    this.audio.addEventListener("error", () => this.playing && !this.hls && this.retry());
  }

  async start() {
    this.playing = true;
    this.onStatus("Connecting …");
    this.startMeter();
    this.load();
    try {
      await this.audio.play();
    } catch (error) {
      if (this.playing) this.onStatus(`The browser does not play: ${error.message}`);
    }
  }

  stop() {
    this.playing = false;
    clearTimeout(this.timer);
    this.audio.pause();
    this.hls?.destroy();
    this.hls = null;
    this.audio.removeAttribute("src");
    this.audio.load();
    this.onStatus("Stopped.");
  }

  load() {
    if (!Hls.isSupported()) {
      this.audio.src = URI;
      return;
    }
    const patient = { maxNumRetry: 20, retryDelayMs: 1000, maxRetryDelayMs: 8000 };
    const policy = { default: { maxTimeToFirstByteMs: 10000, maxLoadTimeMs: 20000, timeoutRetry: patient, errorRetry: patient } };
    this.hls = new Hls({ ...PLAIN, manifestLoadPolicy: policy, playlistLoadPolicy: policy, fragLoadPolicy: policy });
    this.hls.on(Hls.Events.ERROR, (_, error) => {
      if (error.fatal) this.recover(error);
    });
    this.hls.loadSource(URI);
    this.hls.attachMedia(this.audio);
  }

  recover(error) {
    this.onStatus(`Connection lost (${error.details}), trying again …`);
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR) this.hls.recoverMediaError();
    else this.retry();
  }

  retry() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.playing) return;
      this.hls?.destroy();
      this.hls = null;
      this.load();
      this.audio.play().catch(() => {});
    }, 3000);
  }

  // The time of day of the sound that is heard, in seconds after 1970; the time now when it is not known.
  get date() {
    const date = this.hls?.playingDate;
    return (this.playing && date ? date.getTime() : Date.now()) / 1000;
  }

  startMeter() {
    if (this.context) {
      this.context.resume();
      return;
    }
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.audio);
    const splitter = this.context.createChannelSplitter(2);
    source.connect(this.context.destination);
    source.connect(splitter);
    this.analysers = [0, 1].map((channel) => {
      const analyser = this.context.createAnalyser();
      analyser.fftSize = 2048;
      splitter.connect(analyser, channel);
      return analyser;
    });
  }

  // The RMS levels of the last 43 ms in dBFS.
  get levels() {
    if (!this.playing || !this.analysers) return [-Infinity, -Infinity];
    const samples = new Float32Array(2048);
    return this.analysers.map((analyser) => {
      analyser.getFloatTimeDomainData(samples);
      return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    });
  }
}
