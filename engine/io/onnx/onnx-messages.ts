/**
 * The messages of an ONNX file, as data: each field's number, type and whether it repeats. The types of TypeScript
 * follow from the table, so that what is read and what is written cannot differ from it.
 *
 * Source: the ONNX intermediate representation, IR version 13 (onnx.ai/onnx/repo-docs/IR.html).
 */

/** `packed`: repeated, and written as one piece. */
type Count = 'repeated' | 'packed';
type Field = readonly [number: number, type: string, count?: Count];

export const messages = {
  ModelProto: {
    ir_version: [1, 'int64'],
    producer_name: [2, 'string'],
    producer_version: [3, 'string'],
    domain: [4, 'string'],
    model_version: [5, 'int64'],
    doc_string: [6, 'string'],
    graph: [7, 'GraphProto'],
    opset_import: [8, 'OperatorSetIdProto', 'repeated'],
    metadata_props: [14, 'StringStringEntryProto', 'repeated'],
    training_info: [20, 'TrainingInfoProto', 'repeated'],
    functions: [25, 'FunctionProto', 'repeated'],
    configuration: [26, 'DeviceConfigurationProto', 'repeated'],
  },
  GraphProto: {
    node: [1, 'NodeProto', 'repeated'],
    name: [2, 'string'],
    initializer: [5, 'TensorProto', 'repeated'],
    doc_string: [10, 'string'],
    input: [11, 'ValueInfoProto', 'repeated'],
    output: [12, 'ValueInfoProto', 'repeated'],
    value_info: [13, 'ValueInfoProto', 'repeated'],
    quantization_annotation: [14, 'TensorAnnotation', 'repeated'],
    sparse_initializer: [15, 'SparseTensorProto', 'repeated'],
    metadata_props: [16, 'StringStringEntryProto', 'repeated'],
  },
  NodeProto: {
    input: [1, 'string', 'repeated'],
    output: [2, 'string', 'repeated'],
    name: [3, 'string'],
    op_type: [4, 'string'],
    attribute: [5, 'AttributeProto', 'repeated'],
    doc_string: [6, 'string'],
    domain: [7, 'string'],
    overload: [8, 'string'],
    metadata_props: [9, 'StringStringEntryProto', 'repeated'],
    device_configurations: [10, 'NodeDeviceConfigurationProto', 'repeated'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    t: [5, 'TensorProto'],
    g: [6, 'GraphProto'],
    floats: [7, 'float', 'repeated'],
    ints: [8, 'int64', 'repeated'],
    strings: [9, 'bytes', 'repeated'],
    tensors: [10, 'TensorProto', 'repeated'],
    graphs: [11, 'GraphProto', 'repeated'],
    doc_string: [13, 'string'],
    tp: [14, 'TypeProto'],
    type_protos: [15, 'TypeProto', 'repeated'],
    /** One of `attributeTypes`. */
    type: [20, 'int32'],
    ref_attr_name: [21, 'string'],
    sparse_tensor: [22, 'SparseTensorProto'],
    sparse_tensors: [23, 'SparseTensorProto', 'repeated'],
  },
  TensorProto: {
    dims: [1, 'int64', 'repeated'],
    /** One of `dataTypes`. */
    data_type: [2, 'int32'],
    segment: [3, 'Segment'],
    float_data: [4, 'float', 'packed'],
    int32_data: [5, 'int32', 'packed'],
    string_data: [6, 'bytes', 'repeated'],
    int64_data: [7, 'int64', 'packed'],
    name: [8, 'string'],
    raw_data: [9, 'bytes'],
    double_data: [10, 'double', 'packed'],
    uint64_data: [11, 'uint64', 'packed'],
    doc_string: [12, 'string'],
    external_data: [13, 'StringStringEntryProto', 'repeated'],
    data_location: [14, 'int32'],
    metadata_props: [16, 'StringStringEntryProto', 'repeated'],
  },
  Segment: { begin: [1, 'int64'], end: [2, 'int64'] },
  SparseTensorProto: {
    values: [1, 'TensorProto'],
    indices: [2, 'TensorProto'],
    dims: [3, 'int64', 'repeated'],
  },
  TensorAnnotation: {
    tensor_name: [1, 'string'],
    quant_parameter_tensor_names: [2, 'StringStringEntryProto', 'repeated'],
  },
  ValueInfoProto: {
    name: [1, 'string'],
    type: [2, 'TypeProto'],
    doc_string: [3, 'string'],
    metadata_props: [4, 'StringStringEntryProto', 'repeated'],
  },
  TypeProto: {
    tensor_type: [1, 'TensorType'],
    sequence_type: [4, 'ElementType'],
    map_type: [5, 'MapType'],
    denotation: [6, 'string'],
    opaque_type: [7, 'OpaqueType'],
    sparse_tensor_type: [8, 'TensorType'],
    optional_type: [9, 'ElementType'],
  },
  TensorType: { elem_type: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  ElementType: { elem_type: [1, 'TypeProto'] },
  MapType: { key_type: [1, 'int32'], value_type: [2, 'TypeProto'] },
  OpaqueType: { domain: [1, 'string'], name: [2, 'string'] },
  TensorShapeProto: { dim: [1, 'Dimension', 'repeated'] },
  Dimension: { dim_value: [1, 'int64'], dim_param: [2, 'string'], denotation: [3, 'string'] },
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  FunctionProto: {
    name: [1, 'string'],
    since_version: [2, 'int64'],
    status: [3, 'int32'],
    input: [4, 'string', 'repeated'],
    output: [5, 'string', 'repeated'],
    attribute: [6, 'string', 'repeated'],
    node: [7, 'NodeProto', 'repeated'],
    doc_string: [8, 'string'],
    opset_import: [9, 'OperatorSetIdProto', 'repeated'],
    domain: [10, 'string'],
    attribute_proto: [11, 'AttributeProto', 'repeated'],
    value_info: [12, 'ValueInfoProto', 'repeated'],
    overload: [13, 'string'],
    metadata_props: [14, 'StringStringEntryProto', 'repeated'],
  },
  TrainingInfoProto: {
    initialization: [1, 'GraphProto'],
    algorithm: [2, 'GraphProto'],
    initialization_binding: [3, 'StringStringEntryProto', 'repeated'],
    update_binding: [4, 'StringStringEntryProto', 'repeated'],
  },
  DeviceConfigurationProto: {
    name: [1, 'string'],
    num_devices: [2, 'int32'],
    device: [3, 'string', 'repeated'],
  },
  NodeDeviceConfigurationProto: {
    configuration_id: [1, 'string'],
    sharding_spec: [2, 'ShardingSpecProto', 'repeated'],
    pipeline_stage: [3, 'int32'],
  },
  ShardingSpecProto: {
    tensor_name: [1, 'string'],
    device: [2, 'int64', 'repeated'],
    index_to_device_group_map: [3, 'IntIntListEntryProto', 'repeated'],
    sharded_dim: [4, 'ShardedDimProto', 'repeated'],
  },
  IntIntListEntryProto: { key: [1, 'int64'], value: [2, 'int64', 'repeated'] },
  ShardedDimProto: { axis: [1, 'int64'], simple_sharding: [2, 'SimpleShardedDimProto', 'repeated'] },
  SimpleShardedDimProto: { dim_value: [1, 'int64'], dim_param: [2, 'string'], num_shards: [3, 'int64'] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

interface Scalars {
  int32: number;
  int64: bigint;
  uint64: bigint;
  float: number;
  double: number;
  string: string;
  bytes: Uint8Array;
}

type Table = typeof messages;
export type MessageName = keyof Table;
type Value<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Message<T> : never;
type RepeatedOf<F> = { [K in keyof F]: F[K] extends readonly [number, string, Count] ? K : never }[keyof F];
type FieldType<F> = F extends readonly [number, infer T, Count?] ? T : never;

/** Fields that repeat are always there; of the others, an absent one is not the same as a zero. */
export type Message<M extends MessageName> = {
  -readonly [K in RepeatedOf<Table[M]>]: Value<FieldType<Table[M][K]>>[];
} & {
  -readonly [K in Exclude<keyof Table[M], RepeatedOf<Table[M]>>]?: Value<FieldType<Table[M][K]>>;
} & {
  /** Fields of a later version of the format, as they were read: written again, after the others. */
  unknownFields?: readonly Uint8Array[];
};

export type ModelProto = Message<'ModelProto'>;
export type GraphProto = Message<'GraphProto'>;
export type AttributeProto = Message<'AttributeProto'>;
export type TensorProto = Message<'TensorProto'>;
export type ValueInfoProto = Message<'ValueInfoProto'>;

export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** A message of these fields; those that repeat and are not given are empty. */
export function message<M extends MessageName>(name: M, fields: Partial<Message<M>>): Message<M> {
  const empty = fieldsOf(name).flatMap(([field, [, , count]]) => (count ? [[field, []]] : []));
  // The compiler does not see that the table names the very fields of the type.
  return { ...Object.fromEntries(empty), ...fields } as Message<M>;
}

export function fieldsOf(name: MessageName): [string, Field][] {
  return Object.entries<Field>(messages[name]);
}

export function isMessageName(type: string): type is MessageName {
  return type in messages;
}
