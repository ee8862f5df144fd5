//! What the document engine says of a file, as the contract's messages.

use super::convert;
use super::download::attachment_name;
use crate::check::{Check, Invalid};
use crate::fatturapa::content::Attached;
use crate::fatturapa::{Finding, Integrity, Look, Severity, Signature};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// The file of a request that has nothing else.
pub(super) fn file(request: pb::ValidateInvoiceRequest) -> Result<Vec<u8>, Invalid> {
    let mut check = Check::default();
    convert::size(&mut check, &request.file);
    check.finish(|| Some(request.file))
}

/// How many attachments are told: a file of 5 MB has room for a hundred thousand that are empty.
const MOST_ATTACHMENTS: usize = 200;

/// What the engine says of a file, and what the archive adds.
pub(super) fn judgement(look: &Look, archive: &[Finding]) -> pb::ValidateInvoiceResponse {
    let Look { judgement: judged, attachments, .. } = look;
    pb::ValidateInvoiceResponse {
        kind: judged.kind.as_str().to_owned(),
        schema_valid: judged.schema_valid,
        findings: judged.findings.iter().chain(archive).map(finding).collect(),
        signatures: judged.signatures.iter().map(signature).collect(),
        attachments: (1..).zip(attachments).take(MOST_ATTACHMENTS).map(attachment).collect(),
        attachments_in_file: number(attachments.len()),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn attachment((place, attached): (usize, &Attached)) -> pb::Attachment {
    const LONGEST: usize = 100;
    let told = |text: &Option<String>| text.iter().flat_map(|text| text.chars()).take(LONGEST).collect();
    pb::Attachment {
        attachment: number(place),
        name: attachment_name(attached.name.as_deref(), place),
        format: told(&attached.format),
        compression: told(&attached.compression),
        size_bytes: attached.bytes.unwrap_or_default() as u64,
        damaged: attached.bytes.is_none(),
        document: number(attached.document),
    }
}

/// A finding as the contract tells it.
pub(super) fn finding(finding: &Finding) -> pb::Finding {
    let severity = match finding.severity {
        Severity::Refused => pb::FindingSeverity::Refused,
        Severity::Advice => pb::FindingSeverity::Advice,
    };
    pb::Finding {
        code: finding.code.to_owned(),
        severity: severity.into(),
        path: finding.path.clone(),
        line: number(finding.at.line),
        column: number(finding.at.column),
        message_it: finding.message.italian.clone(),
        message_en: finding.message.english.clone(),
    }
}

fn signature(signature: &Signature) -> pb::Signature {
    let integrity = match signature.integrity {
        Integrity::Verified => pb::SignatureIntegrity::Verified,
        Integrity::Tampered { .. } => pb::SignatureIntegrity::Tampered,
        Integrity::NotVerified { .. } => pb::SignatureIntegrity::NotVerified,
    };
    pb::Signature {
        signer: signature.signer.common_name.clone().unwrap_or_default(),
        fiscal_code: signature.signer.fiscal_code.clone().unwrap_or_default(),
        issuer: signature.issuer.clone().unwrap_or_default(),
        algorithm: signature.algorithm.clone(),
        integrity: integrity.into(),
        valid_from_time: signature.not_before.map(wire::timestamp),
        valid_until_time: signature.not_after.map(wire::timestamp),
    }
}
