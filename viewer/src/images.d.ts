/** Pictures that the build puts into a script as data: URLs. */
declare module "*.webp" {
  const url: string;
  export default url;
}
