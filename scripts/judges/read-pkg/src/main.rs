// read-pkg FILE: a flat package as the crates apple-flat-package, apple-xar and apple-bom read it, one line a fact.
// An error of any of them ends it with code 1.
use std::error::Error;
use std::fs::File;
use std::io::Read;

use apple_bom::ParsedBom;
use apple_flat_package::{component_package::ComponentPackageReader, distribution::Distribution, PkgReader};
use apple_xar::reader::XarReader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("read-pkg FILE")?;
    let mut xar = XarReader::new(File::open(&path)?)?;
    if !xar.verify_table_of_contents_checksum()? {
        return Err("the digest of the table of contents does not match".into());
    }
    for (name, file) in xar.files()? {
        println!("xar {} {}", name, file.data.map_or(0, |data| data.size));
    }
    if let Some(bytes) = xar.get_file_data_from_path("Distribution")? {
        distribution(&String::from_utf8(bytes)?)?;
    }
    let mut package = PkgReader::new(File::open(&path)?)?;
    for component in package.component_packages()? {
        read_component(&component)?;
    }
    Ok(())
}

// The crate demands an attribute `script` of <volume-check> that Apple's own tools do not write.
fn distribution(xml: &str) -> Result<(), Box<dyn Error>> {
    let (start, end) = (xml.find("<volume-check>"), xml.find("</volume-check>"));
    let rest = match (start, end) {
        (Some(start), Some(end)) => format!("{}{}", &xml[..start], &xml[end + "</volume-check>".len()..]),
        _ => xml.to_string(),
    };
    let read = Distribution::from_xml(&rest)?;
    println!("title {:?}", read.title.map(|one| one.title));
    println!("options {:?}", read.options);
    for choice in read.choice {
        let packages: Vec<_> = choice.pkg_ref.iter().map(|one| one.id.clone()).collect();
        println!("choice {} {:?} {:?}", choice.id, choice.title, packages);
    }
    for package in read.pkg_ref {
        println!("package {} {:?} {:?}", package.id, package.version, package.install_kbytes);
    }
    Ok(())
}

fn read_component(component: &ComponentPackageReader) -> Result<(), Box<dyn Error>> {
    let facts = component.package_info().ok_or("no PackageInfo")?;
    println!("component {} {} {:?} {}", facts.identifier, facts.version, facts.install_location, facts.auth);
    for bundle in &facts.bundle {
        println!("bundle {} {} {:?}", bundle.id, bundle.path, bundle.cf_bundle_short_version_string);
    }
    println!("scripts {:?}", facts.scripts.scripts);
    let bom = ParsedBom::parse(component.bom().ok_or("no Bom")?)?;
    println!("bom {}", bom.bom_info()?.number_of_paths);
    for one in bom.paths()? {
        println!("{:o} {}/{} {} {:?} {:?} {}", one.file_mode(), one.user_id(), one.group_id(), one.size(), one.crc32(), one.link_name(), one.path());
    }
    for (kind, reader) in [("payload", component.payload_reader()?), ("script", component.scripts_reader()?)] {
        let Some(mut reader) = reader else { continue };
        while let Some(header) = reader.read_next()? {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            println!("{} {:o} {} {}", kind, header.mode(), bytes.len(), header.name());
        }
    }
    Ok(())
}
