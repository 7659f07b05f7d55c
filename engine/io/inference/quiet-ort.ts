/** ONNX Runtime, which keeps its log to itself: what is wrong with a model or a device comes as an error, and is told once. */
import { env } from 'onnxruntime-node';

env.logLevel = 'fatal'; // Of the library itself, which also speaks before there is a session; read once a process.

export * as ort from 'onnxruntime-node';
