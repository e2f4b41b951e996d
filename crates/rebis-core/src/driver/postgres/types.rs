//! The object ids of PostgreSQL's own types. They are fixed for all versions; what extensions and users add is not here.

use postgres_protocol::Oid;

/// As a parameter's declared type: the server infers it from the statement.
pub(super) const UNSPECIFIED: Oid = 0;

pub(super) const BOOL: Oid = 16;
pub(super) const BYTEA: Oid = 17;
pub(super) const NAME: Oid = 19;
pub(super) const INT8: Oid = 20;
pub(super) const INT2: Oid = 21;
pub(super) const INT4: Oid = 23;
pub(super) const TEXT: Oid = 25;
pub(super) const OID: Oid = 26;
pub(super) const JSON: Oid = 114;
pub(super) const FLOAT4: Oid = 700;
pub(super) const FLOAT8: Oid = 701;
pub(super) const UNKNOWN: Oid = 705;
pub(super) const BPCHAR: Oid = 1042;
pub(super) const VARCHAR: Oid = 1043;
pub(super) const DATE: Oid = 1082;
pub(super) const TIME: Oid = 1083;
pub(super) const TIMESTAMP: Oid = 1114;
pub(super) const TIMESTAMPTZ: Oid = 1184;
pub(super) const INTERVAL: Oid = 1186;
pub(super) const NUMERIC: Oid = 1700;
pub(super) const UUID: Oid = 2950;
pub(super) const JSONB: Oid = 3802;

pub(super) const INT2_ARRAY: Oid = 1005;
pub(super) const INT4_ARRAY: Oid = 1007;
pub(super) const INT8_ARRAY: Oid = 1016;
pub(super) const NUMERIC_ARRAY: Oid = 1231;

pub(super) const FLOAT4_ARRAY: Oid = 1021;
pub(super) const FLOAT8_ARRAY: Oid = 1022;

/// Numbers in families: a type holds exactly what those before it hold.
const FAMILIES: [&[Oid]; 4] = [
    &[INT2, INT4, INT8, NUMERIC],
    &[FLOAT4, FLOAT8],
    &[INT2_ARRAY, INT4_ARRAY, INT8_ARRAY, NUMERIC_ARRAY],
    &[FLOAT4_ARRAY, FLOAT8_ARRAY],
];

/// Whether the first type holds all numbers of the second.
pub(super) fn holds(wide: Oid, narrow: Oid) -> bool {
    FAMILIES.iter().any(|family| {
        let rank = |oid| family.iter().position(|known| *known == oid);
        matches!((rank(wide), rank(narrow)), (Some(wide), Some(narrow)) if wide > narrow)
    })
}

/// The types whose arrays are read and written as arrays, and the arrays.
const ARRAYS: [(Oid, Oid); 21] = [
    (BOOL, 1000),
    (BYTEA, 1001),
    (NAME, 1003),
    (INT2, INT2_ARRAY),
    (INT4, INT4_ARRAY),
    (TEXT, 1009),
    (BPCHAR, 1014),
    (VARCHAR, 1015),
    (INT8, INT8_ARRAY),
    (FLOAT4, FLOAT4_ARRAY),
    (FLOAT8, FLOAT8_ARRAY),
    (OID, 1028),
    (TIMESTAMP, 1115),
    (DATE, 1182),
    (TIME, 1183),
    (TIMESTAMPTZ, 1185),
    (INTERVAL, 1187),
    (NUMERIC, NUMERIC_ARRAY),
    (JSON, 199),
    (UUID, 2951),
    (JSONB, 3807),
];

/// The array of that type; [`UNSPECIFIED`] for one that the server must infer.
pub(super) fn array_of(element: Oid) -> Oid {
    ARRAYS.iter().find(|(known, _)| *known == element).map_or(UNSPECIFIED, |(_, array)| *array)
}

/// Whether it is an array that is known here.
pub(super) fn is_array(oid: Oid) -> bool {
    element_of(oid).is_some()
}

/// The type of that array's elements.
pub(super) fn element_of(array: Oid) -> Option<Oid> {
    ARRAYS.iter().find(|(_, known)| *known == array).map(|(element, _)| *element)
}

/// The type's name as `format_type` and `pg_type` spell it in short; `oid:16385` for one that is made in the database
/// (to ask the catalog would cost a round trip per statement).
pub(super) fn name(oid: Oid) -> String {
    if let Some(element) = element_of(oid) {
        return format!("{}[]", name(element));
    }
    let known = match oid {
        BOOL => "bool",
        BYTEA => "bytea",
        18 => "char",
        NAME => "name",
        INT8 => "int8",
        INT2 => "int2",
        INT4 => "int4",
        24 => "regproc",
        TEXT => "text",
        OID => "oid",
        27 => "tid",
        28 => "xid",
        JSON => "json",
        142 => "xml",
        194 => "pg_node_tree",
        600 => "point",
        601 => "lseg",
        602 => "path",
        603 => "box",
        604 => "polygon",
        628 => "line",
        650 => "cidr",
        FLOAT4 => "float4",
        FLOAT8 => "float8",
        UNKNOWN => "unknown",
        718 => "circle",
        774 => "macaddr8",
        790 => "money",
        829 => "macaddr",
        869 => "inet",
        BPCHAR => "bpchar",
        VARCHAR => "varchar",
        DATE => "date",
        TIME => "time",
        TIMESTAMP => "timestamp",
        TIMESTAMPTZ => "timestamptz",
        INTERVAL => "interval",
        1266 => "timetz",
        1560 => "bit",
        1562 => "varbit",
        NUMERIC => "numeric",
        2205 => "regclass",
        2206 => "regtype",
        2278 => "void",
        UUID => "uuid",
        3614 => "tsvector",
        3615 => "tsquery",
        JSONB => "jsonb",
        3904 => "int4range",
        3906 => "numrange",
        3908 => "tsrange",
        3910 => "tstzrange",
        3912 => "daterange",
        3926 => "int8range",
        4072 => "jsonpath",
        _ => return format!("oid:{oid}"),
    };
    known.to_owned()
}
