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
pub(super) const NUMERIC: Oid = 1700;

/// The type's name as `format_type` and `pg_type` spell it in short; `oid:16385` for one that is made in the database
/// (to ask the catalog would cost a round trip per statement).
pub(super) fn name(oid: Oid) -> String {
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
        1000 => "bool[]",
        1001 => "bytea[]",
        1003 => "name[]",
        1005 => "int2[]",
        1007 => "int4[]",
        1009 => "text[]",
        1015 => "varchar[]",
        1016 => "int8[]",
        1021 => "float4[]",
        1022 => "float8[]",
        1028 => "oid[]",
        BPCHAR => "bpchar",
        VARCHAR => "varchar",
        DATE => "date",
        TIME => "time",
        TIMESTAMP => "timestamp",
        1115 => "timestamp[]",
        1182 => "date[]",
        TIMESTAMPTZ => "timestamptz",
        1185 => "timestamptz[]",
        1186 => "interval",
        1231 => "numeric[]",
        1266 => "timetz",
        1560 => "bit",
        1562 => "varbit",
        NUMERIC => "numeric",
        2205 => "regclass",
        2206 => "regtype",
        2278 => "void",
        2950 => "uuid",
        2951 => "uuid[]",
        3614 => "tsvector",
        3615 => "tsquery",
        3802 => "jsonb",
        3807 => "jsonb[]",
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
