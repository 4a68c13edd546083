// @ts-check
/* Records a voice with the phone's microphone, at most ten seconds. Nothing is sent from here. */

const LONGEST = 10_000;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export const canRecord = () => "MediaRecorder" in window && Boolean(navigator.mediaDevices?.getUserMedia);

export class Recorder {
  /** @type {MediaRecorder | undefined} */
  media;

  get isRunning() {
    return this.media?.state === "recording";
  }

  /** Begin; settles with the recording when `stop` is called, somebody has fallen silent, or time is up.
   * Throws when the microphone may not be used. @param {{ untilSilence?: boolean }} [wish] @returns {Promise<Blob>} */
  async record({ untilSilence = false } = {}) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const kind = KINDS.find((mime) => MediaRecorder.isTypeSupported(mime));
    const media = new MediaRecorder(stream, { ...(kind && { mimeType: kind }), audioBitsPerSecond: 64_000 });
    this.media = media;
    /** @type {Blob[]} */
    const pieces = [];
    media.ondataavailable = ({ data }) => pieces.push(data);
    const whole = new Promise((settle) => {
      media.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        settle(new Blob(pieces, { type: media.mimeType }));
      };
    });
    media.start();
    const clock = setTimeout(() => this.stop(), LONGEST);
    const ear = untilSilence ? listenForSilence(stream, () => this.stop()) : undefined;
    const sound = /** @type {Blob} */ (await whole);
    clearTimeout(clock);
    ear?.close();
    return sound;
  }

  stop() {
    if (this.isRunning) this.media?.stop();
  }
}

/** Call back once somebody has spoken and then been silent for a moment.
 * @param {MediaStream} stream @param {() => void} done */
function listenForSilence(stream, done) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  let loudest = 0;
  let quietSince = performance.now();
  const look = () => {
    if (context.state === "closed") return;
    analyser.getFloatTimeDomainData(wave);
    const loudness = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
    loudest = Math.max(loudest, loudness);
    if (loudest < 0.02 || loudness > 0.15 * loudest) quietSince = performance.now();
    if (performance.now() - quietSince > 700) done();
    else requestAnimationFrame(look);
  };
  look();
  return context;
}
