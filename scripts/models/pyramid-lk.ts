/** The model `pyramid-lk`: optical flow between two frames. Its entry says what goes in and comes out. */
import { GraphBuilder } from '../../engine/io/onnx/graph-builder.ts';
import { denseFlow, type FlowSettings } from './dense-flow.ts';

/** For frames of 16:9; what moves up to about 16 pixels from one frame to the next is found. */
const flowSettings: FlowSettings = {
  width: 256,
  height: 144,
  iterations: [6, 6, 8, 10],
  sigma: 3,
  surroundings: 25,
};

export function pyramidLk(): GraphBuilder {
  const g = new GraphBuilder('pyramid-lk');
  const { width, height } = flowSettings;
  const pairs = g.input('pairs', ['N', 2, height, width]);
  const { flow, confidence } = denseFlow(g, pairs, flowSettings);
  g.output('flow', flow, ['N', 2, height, width]);
  g.output('confidence', confidence, ['N', 1, height, width]);
  return g;
}
