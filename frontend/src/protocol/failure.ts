/** Why something did not come. */

export interface Failure {
  code: string;
  message: string;
}
