// SPDX-License-Identifier: Apache-2.0
//! eif-oracle - what AWS's own library says of an EIF
//!
//!     eif-oracle build OUT ARCH KERNEL CMDLINE METADATA RAMDISK...
//!     eif-oracle sign OUT ARCH KERNEL CMDLINE METADATA CERT KEY RAMDISK...
//!     eif-oracle describe EIF
//!
//! METADATA is a file with the text of a metadata section.  Measurements go to
//! stdout as JSON; whatever is wrong ends in status 1.
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use aws_nitro_enclaves_image_format::defs::EifIdentityInfo;
use aws_nitro_enclaves_image_format::utils::eif_reader::EifReader;
use aws_nitro_enclaves_image_format::utils::{
    get_pcrs, EifBuilder, PcrSignatureChecker, SignEnclaveInfo,
};
use sha2::{Digest, Sha384};

fn print(measurements: &BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    println!("{}", serde_json::to_string(measurements)?);
    Ok(())
}

fn build(args: &[String], signed: bool) -> Result<(), Box<dyn Error>> {
    let (parts, rest) = args.split_at(5);
    let (key_files, ramdisks) = rest.split_at(if signed { 2 } else { 0 });
    let signer = match key_files {
        [cert, key] => Some(SignEnclaveInfo::new(cert, key)?),
        _ => None,
    };
    let identity: EifIdentityInfo = serde_json::from_reader(File::open(&parts[4])?)?;
    let mut builder = EifBuilder::new(
        Path::new(&parts[2]),
        parts[3].clone(),
        signer,
        Sha384::new(),
        u16::from(parts[1] == "aarch64"),
        identity,
    );
    for ramdisk in ramdisks {
        builder.add_ramdisk(Path::new(ramdisk));
    }
    print(&builder.write_to(&mut File::create(&parts[0])?))
}

fn describe(path: &str) -> Result<(), Box<dyn Error>> {
    let mut eif = EifReader::from_eif(path.to_string())?;
    if !eif.check_crc() {
        return Err("the CRC is wrong".into());
    }
    let measurements = get_pcrs(
        &mut eif.image_hasher,
        &mut eif.bootstrap_hasher,
        &mut eif.app_hasher,
        &mut eif.cert_hasher,
        Sha384::new(),
        eif.signature_section.is_some(),
    )?;
    if eif.signature_section.is_some() {
        eif.get_certificate_info(measurements.clone())?;
        if eif.sign_check != Some(true) {
            return Err("the signature is of another PCR0".into());
        }
        PcrSignatureChecker::from_eif(path)?.verify()?;
    }
    print(&measurements)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("build") if args.len() >= 7 => build(&args[1..], false),
        Some("sign") if args.len() >= 9 => build(&args[1..], true),
        Some("describe") if args.len() == 2 => describe(&args[1]),
        _ => Err("usage: eif-oracle build|sign|describe ...".into()),
    }
}
