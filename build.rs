//! Turns proto/ into the service code, the descriptor set for reflection, and the policy table.
//!
//! A method without a complete policy stops the build here, so that the server never meets one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, Value};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rerun-if-changed=proto");

    let mut compiler = protox::Compiler::new(["proto"]).expect("proto/ exists");
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(contract_files()).unwrap_or_else(|error| panic!("{error:?}"));

    // Encoded by protox: encoding prost's own form would drop the policy option.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set()).expect("OUT_DIR is writable");
    fs::write(out.join("policies.rs"), policy_table(&compiler.descriptor_pool())).expect("OUT_DIR is writable");
    tonic_prost_build::configure()
        .include_file("protos.rs")
        // What is sent in pieces is cut without being copied.
        .bytes(".spazio.v1.DownloadInvoiceResponse")
        .bytes(".spazio.v1.DownloadReceiptResponse")
        .bytes(".spazio.v1.ExportInvoicesResponse")
        .compile_fds(compiler.file_descriptor_set())
        .expect("the descriptor set compiles");
}

fn contract_files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir("proto/spazio/v1")
        .expect("the contract's folder exists")
        .map(|entry| Path::new("spazio/v1").join(entry.expect("readable").file_name()))
        .collect();
    files.sort();
    files
}

fn policy_table(pool: &DescriptorPool) -> String {
    let extension = pool.get_extension_by_name("spazio.v1.policy").expect("policy.proto defines the option");
    let mut table = String::from("pub(super) static METHODS: &[Method] = &[\n");
    let mut methods: Vec<_> = pool
        .services()
        .filter(|service| service.package_name() == "spazio.v1")
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    methods.sort_by_key(path_of);
    for method in &methods {
        let options = method.options();
        assert!(options.has_extension(&extension), "{} has no policy", method.full_name());
        let policy = options.get_extension(&extension);
        let policy = policy.as_message().expect("the option is a message");
        write_row(&mut table, method, policy);
    }
    table.push_str("];\n");
    table
}

fn path_of(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn write_row(table: &mut String, method: &MethodDescriptor, policy: &DynamicMessage) {
    let name = method.full_name();
    let number = |field: &str| {
        let value = policy.get_field_by_name(field).and_then(|v| v.as_u32()).expect("a uint32 field of Policy");
        assert!(value > 0, "the policy of {name} needs {field}");
        value
    };
    let flag = |field: &str| policy.get_field_by_name(field).and_then(|v| v.as_bool()).expect("a bool field of Policy");

    let effect = enum_variant(policy, &policy.get_field_by_name("effect").expect("a field of Policy"), "effect", "EFFECT_");
    let roles = policy.get_field_by_name("roles").expect("a field of Policy");
    let roles: Vec<_> = roles
        .as_list()
        .expect("roles is repeated")
        .iter()
        .map(|role| format!("Role::{}", enum_variant(policy, role, "roles", "ROLE_")))
        .collect();
    assert!(!roles.is_empty(), "the policy of {name} names no role");

    let repeatable = flag("repeatable");
    let request_id = method.input().get_field_by_name("request_id").map(|field| field.number());
    assert_eq!(request_id, repeatable.then_some(1), "{name}: repeatable goes with a request_id in the request, as field 1");
    let reads = matches!(effect.as_str(), "Read" | "ReadDocuments");
    // A stream of files has an answer for each, and each file is known by its bytes when it comes again (I4).
    let streamed = method.is_client_streaming();
    assert_eq!(repeatable, !reads && !streamed, "{name}: every method that changes something is repeatable, and no other");

    writeln!(
        table,
        "Method {{ path: {:?}, effect: Effect::{effect}, roles: &[{}], account: {}, repeatable: {repeatable}, \
         streamed: {streamed}, deadline: Duration::from_secs({}), max_request_bytes: {} }},",
        path_of(method),
        roles.join(", "),
        flag("account"),
        number("deadline_seconds"),
        number("max_request_bytes"),
    )
    .expect("writing to a string");
}

/// The Rust name of an enum value: EFFECT_SENT_WRITE becomes SentWrite.
fn enum_variant(policy: &DynamicMessage, value: &Value, field: &str, prefix: &str) -> String {
    let kind = policy.descriptor().get_field_by_name(field).expect("a field of Policy").kind();
    let number = value.as_enum_number().expect("an enum");
    let name = kind.as_enum().and_then(|e| e.get_value(number)).expect("a known value").name().to_owned();
    let name = name.strip_prefix(prefix).expect("the enum's prefix");
    assert_ne!(name, "UNSPECIFIED", "a policy says UNSPECIFIED for {field}");
    name.split('_').flat_map(|word| [word[..1].to_owned(), word[1..].to_lowercase()]).collect()
}
