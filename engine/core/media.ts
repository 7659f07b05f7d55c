/** What the engine can do with audio and video; `engine/io/media` does it with ffmpeg. */

export interface VideoStream {
  /** Index of the stream in the file. */
  readonly index: number;
  readonly codec: string;
  readonly pixelFormat: string;
  /** Upright display size: rotation applied, pixels made square. In pixels. */
  readonly width: number;
  readonly height: number;
  /** Size as coded, before rotation. In pixels. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Clockwise turn that shows the picture upright: 0, 90, 180 or 270 degrees. */
  readonly rotationDeg: number;
  /** Average frames a second; NaN where the file does not say. */
  readonly averageFps: number;
  readonly timeBase: readonly [number, number];
}

export interface AudioStream {
  readonly index: number;
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
}

export interface MediaInfo {
  /** Names of the container format, as ffprobe gives them. */
  readonly format: string;
  /** Duration by the header; NaN where it does not say. Seconds. */
  readonly durationSec: number;
  /** Start time by the header; seconds. */
  readonly startSec: number;
  /** The first video stream that is not a cover picture. */
  readonly video?: VideoStream;
  readonly audio?: AudioStream;
}

export interface Packet {
  /** Presentation time in ticks of the stream's time base. */
  readonly pts: number;
  /** Length in ticks; 0 where unknown. */
  readonly duration: number;
  readonly isKeyframe: boolean;
  /** Names the payload, and for sound the samples that the container says to skip; hex. */
  readonly hash: string;
  /** Needed for decoding but never presented: cut off by an edit list, or shown before the first keyframe. */
  readonly isHidden?: boolean;
}

export interface StreamScan {
  /** Names what the decoder must be set to (codec, profile, extradata, size, pixel format), hex; independent of the container. */
  readonly codecDigest: string;
  readonly timeBase: readonly [number, number];
  /** In decoding order. */
  readonly packets: readonly Packet[];
}

export interface PacketScan {
  /** What the headers say. */
  readonly info: MediaInfo;
  readonly video?: StreamScan;
  readonly audio?: StreamScan;
}

/** Which frames of a segment to give, and at what size. */
export interface FrameView {
  /** PTS in ticks (as in the file) of the wanted frames, rising. */
  readonly pts: readonly number[];
  readonly width: number;
  readonly height: number;
}

export interface DecodeFrames {
  readonly path: string;
  readonly timeBase: readonly [number, number];
  /** PTS of the keyframe where decoding starts. */
  readonly startPts: number;
  /** No frame with this PTS or a later one is wanted. */
  readonly endPts: number;
  readonly onlyKeyframes: boolean;
  readonly views: readonly FrameView[];
}

/** The frames of one view. */
export interface DecodedFrames {
  /** uint8 N×height×width×3, RGB; memory that can be shared between threads. */
  readonly rgb: Uint8Array;
  /** Position in the view's `pts` of each frame that was decoded; shorter than `pts` where the stream is damaged. */
  readonly positions: readonly number[];
}

/** Where the sound of a file is, for those who have it from a scan. */
export interface SoundStream {
  /** Index of the stream in the file. */
  readonly index: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** About how long it is; seconds. */
  readonly durationSec: number;
  /** Time of the first video frame, as in the file; undefined without video. Seconds. */
  readonly videoStartSec: number | undefined;
}

export interface SoundFile {
  readonly path: string;
  /** Of its first sound. Left out, it is read from the file, which starts two programs. */
  readonly stream?: SoundStream;
}

export interface DecodePcm extends SoundFile {
  /** Samples a second; `native` keeps the stream's own. */
  readonly sampleRate: number | 'native';
  readonly channels: number | 'native';
}

export interface Pcm {
  /** float32, interleaved, nominally −1 to 1. */
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly channels: number;
  /** Time of the first sample relative to the first video frame (or to itself without video); seconds. */
  readonly startSec: number;
}

export interface LoudnessReport {
  /** Integrated loudness; −Infinity where all is below the absolute gate. LUFS. */
  readonly integratedLufs: number;
  /** Loudness range; LU. */
  readonly rangeLu: number;
  /** Highest true peak of any channel; dBTP. */
  readonly truePeakDbtp: number;
  /** End of each measuring step of 0.1 s; seconds from the first sample. */
  readonly timesSec: Float64Array;
  readonly momentaryLufs: Float32Array;
  readonly shortTermLufs: Float32Array;
}

/** The loudness of a sound, and what sound it is. */
export interface MeasuredSound extends LoudnessReport {
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of each channel. */
  readonly sampleCount: number;
  /** As in `Pcm`. */
  readonly startSec: number;
  readonly warnings: string[];
}

/**
 * Takes a sound piece by piece: float32, interleaved, whole frames of one sample a channel, in order and without
 * gaps. The memory is used again for the next piece.
 */
export type HearSamples = (samples: Float32Array, channels: number) => void;

/** All methods throw a `FlowError`: `decode_failed`, `unsupported_media`, `input_unreadable`. */
export interface Media {
  probe(path: string, signal: AbortSignal): Promise<MediaInfo>;
  /** Reads the headers, and every packet of the first video and audio stream, without decoding. */
  scanPackets(path: string, signal: AbortSignal): Promise<PacketScan>;
  /** Decodes one interval in one pass to several views, in their order. */
  decodeFrames(
    request: DecodeFrames,
    signal: AbortSignal,
  ): Promise<{ views: DecodedFrames[]; warnings: string[] }>;
  decodePcm(request: DecodePcm, signal: AbortSignal): Promise<Pcm & { warnings: string[] }>;
  /**
   * Loudness (EBU R 128 / ITU-R BS.1770-4) of the first audio stream, at its own rate and channels.
   *
   * @param hear is given all of the sound that is measured, as it is decoded: nobody ever holds the whole
   */
  measureLoudness(request: SoundFile, hear: HearSamples, signal: AbortSignal): Promise<MeasuredSound>;
}
